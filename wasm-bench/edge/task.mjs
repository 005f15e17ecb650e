// Task ids that tell everything about their task. A status may be asked of another region or isolate than the one that took
// the task, and the regions share no memory: so an id carries region, size and time, signed, and any isolate can answer it.
//
//   FRA-800x600-mfw1k2ab-5f0c2d1e-9a3b5c7d1e2f3a4b
//   region, width x height, time in ms (base 36), nonce, signature

const PATTERN = /^([A-Za-z0-9]{1,16})-(\d{1,5})x(\d{1,5})-([0-9a-z]{1,11})-([0-9a-f]{8})-([0-9a-f]{16})$/;
const DAY = 24 * 60 * 60 * 1000; // tasks are known for a day
const SKEW = 60 * 1000; // clocks of two regions may differ by a minute

// Regions that share TASK_KEY believe each other's ids. Without one the signature is a checksum: it finds damage, not forgery.
const NO_SECRET = 'edgescope';

let signer; // {secret, key}, imported once per isolate

/** A new id for a task of that size, made in that region at that time in ms. */
export async function taskId({ region, width, height, now, secret }) {
  const nonce = crypto.getRandomValues(new Uint32Array(1))[0].toString(16).padStart(8, '0');
  const told = `${region}-${width}x${height}-${now.toString(36)}-${nonce}`;
  return `${told}-${await sign(told, secret)}`;
}

/** What the id tells: {region, width, height, created}, or null if it is damaged, forged, of the future or too old. */
export async function readTaskId(id, { now, secret }) {
  const parts = PATTERN.exec(id);
  if (!parts) return null;
  const [, region, width, height, time, , signature] = parts;
  if (signature !== await sign(id.slice(0, -signature.length - 1), secret)) return null;
  const created = parseInt(time, 36);
  if (created > now + SKEW || created < now - DAY) return null;
  return { region, width: Number(width), height: Number(height), created };
}

/** The first 64 bits of HMAC-SHA-256 in hex. */
async function sign(text, secret) {
  secret ||= NO_SECRET;
  if (signer?.secret !== secret) {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    signer = { secret, key: await crypto.subtle.importKey('raw', new TextEncoder().encode(secret), algorithm, false, ['sign']) };
  }
  const mac = await crypto.subtle.sign('HMAC', signer.key, new TextEncoder().encode(text));
  return Array.from(new Uint8Array(mac, 0, 8), (b) => b.toString(16).padStart(2, '0')).join('');
}
