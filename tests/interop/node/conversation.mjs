// Goes the steps it is asked for, one line of JSON each: `{"step": "refresh", "given": {...}}`.
import { createInterface } from "node:readline";

// `told` makes of an exception what an application can read from it, or nothing if it is not the library's.
export async function converse(steps, told) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { step, given } = JSON.parse(line);
    let reply;
    try {
      reply = { answer: (await steps[step](given)) ?? null };
    } catch (error) {
      const answer = await told(error);
      reply = answer ? { answer } : { defect: error.stack };
    }
    console.log(JSON.stringify(reply));
  }
}
