// Answers queries with DuckDB: reads {"create":[sql...],"queries":[sql...]} and writes one line for each query,
// {"columns":[...],"rows":[[...]]} or {"error":"..."}.
import { DuckDBInstance } from '@duckdb/node-api';
import { text } from 'node:stream/consumers';

const { create, queries } = JSON.parse(await text(process.stdin));
const db = await (await DuckDBInstance.create(':memory:')).connect();
for (const sql of create) await db.run(sql);
for (const sql of queries) {
  let answer;
  try {
    const reader = await db.runAndReadAll(sql);
    answer = { columns: reader.columnNames(), rows: reader.getRowsJson() };
  } catch (e) {
    answer = { error: String(e.message) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
