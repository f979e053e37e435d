// Runs cases by name: a name a line in, `{name, ok, error?}` a line out. One Node.js for all of them.
import { createInterface } from "node:readline";

import * as cases from "./cases.mjs";

for await (const name of createInterface({ input: process.stdin })) {
  let told = { name, ok: true };
  try {
    await cases[name]();
  } catch (error) {
    told = { name, ok: false, error: error?.stack ?? String(error) };
  }
  process.stdout.write(JSON.stringify(told) + "\n");
}
