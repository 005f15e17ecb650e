import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTaskId, taskId } from '../edge/task.mjs';

const secret = 'shared';
const task = { region: 'FRA', width: 800, height: 600, now: 1_795_000_000_000, secret };
const MINUTE = 60_000, DAY = 1440 * MINUTE;

test('an id tells its task', async () => {
  assert.deepEqual(await readTaskId(await taskId(task), { now: task.now, secret }),
    { region: 'FRA', width: 800, height: 600, created: task.now });
});

test('two ids of the same moment differ', async () => {
  assert.notEqual(await taskId(task), await taskId(task));
});

test('an id is believed for a day, and by clocks a minute apart', async () => {
  const id = await taskId(task);
  const known = async (now) => await readTaskId(id, { now, secret }) !== null;
  assert.equal(await known(task.now + DAY), true);
  assert.equal(await known(task.now + DAY + 1), false);
  assert.equal(await known(task.now - MINUTE), true);
  assert.equal(await known(task.now - MINUTE - 1), false);
});

test('every changed character makes it unknown', async () => {
  const id = await taskId(task);
  for (let i = 0; i < id.length; i++) {
    const other = id[i] === '1' ? '2' : '1';
    assert.equal(await readTaskId(id.slice(0, i) + other + id.slice(i + 1), { now: task.now, secret }), null, `position ${i}`);
  }
});

test('another secret makes it unknown, and none is one of its own', async () => {
  const unsigned = await taskId({ ...task, secret: undefined });
  assert.equal(await readTaskId(await taskId(task), { now: task.now, secret: 'other' }), null);
  assert.equal(await readTaskId(unsigned, { now: task.now, secret }), null);
  assert.notEqual(await readTaskId(unsigned, { now: task.now, secret: null }), null);
});
