import { createServer } from "node:http";
import { expect, it } from "vitest";
import { signsFor } from "../../bench/edits.ts";
import { listen } from "../../support/listening.ts";

it("waits for the new answer through the errors of a rebuild", async () => {
  const answers: [status: number, body: string][] = [
    [200, '{"clientId":"old"}'],
    [500, "<h1>Function not found</h1>"],
    [500, '{"errorType":"Error"}'],
    [200, ""],
    [200, '{"clientId":"new"}'],
  ];
  const server = await listen(
    createServer((_request, response) => {
      const [status = 0, body] = answers.shift() ?? [];
      response.writeHead(status).end(body);
    }),
  );
  const url = `http://127.0.0.1:${server.port}`;
  const seen: boolean[] = [];
  while (answers.length > 0) seen.push(await signsFor("new", url));
  expect(seen).toEqual([false, false, false, false, true]);
  await server.close();
  expect(await signsFor("new", url)).toBe(false);
});
