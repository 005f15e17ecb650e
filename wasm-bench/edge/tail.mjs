// A tail worker: it posts what it is told of other Workers to an edgescope collector. Variables: EDGESCOPE_URL, and
// EDGESCOPE_TOKEN if the collector asks for one. With tail() it is told of invocations that have ended, with tailStream() of
// each from its start; a Worker that is attached both ways is told of twice.

async function post(events, env) {
  const body = JSON.stringify(events, (_, value) => typeof value === 'bigint' ? value.toString() : value);
  const headers = { 'content-type': 'application/json' };
  if (env.EDGESCOPE_TOKEN) headers.authorization = `Bearer ${env.EDGESCOPE_TOKEN}`;
  const answer = await fetch(env.EDGESCOPE_URL, { method: 'POST', headers, body });
  if (!answer.ok) console.error('edgescope', answer.status, await answer.text());
}

export default {
  tail: (events, env, ctx) => ctx.waitUntil(post(events, env)),
  tailStream(onset, env, ctx) {
    const events = [onset];
    return (event) => {
      events.push(event);
      if (event.event.type === 'outcome') ctx.waitUntil(post(events, env));
    };
  },
};
