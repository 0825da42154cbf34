// A record of every type through openapi-fetch, over the types of openapi-typescript. Prints what was answered.
import assert from "node:assert/strict";

import createClient from "openapi-fetch";

import type { components, paths } from "./build/schema";
import { cleared, full, gadget, token, url } from "./build/values";

type Gadget = components["schemas"]["GadgetForResponse"];

async function main() {
  const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });

  const made = await client.POST("/gadgets", { body: full });
  assert.equal(made.error, undefined);
  const one: Gadget = made.data.data.createGadget;
  const nothing = await client.POST("/gadgets", { body: gadget });
  const two: Gadget = nothing.data!.data.createGadget;

  const query = { order_by: "createdAt[AscNullsFirst]", depth: 1 } as const;
  const page = await client.GET("/gadgets", { params: { query } });
  const listed = page.data!.data.gadgets;
  assert.deepEqual(listed.map((each) => each.id), [one.id, two.id]);
  assert.equal(page.data!.totalCount, 2);
  assert.equal(listed[0]!.mainPart?.name, "Bolt");
  assert.equal(listed[0]!.topicPart?.id, one.topicPartId);
  assert.equal(listed[1]!.mainPart, null);
  const numbers: string[] | undefined = one.myPhones?.additionalPhones.map((each) => each.number ?? "");
  assert.deepEqual(numbers, ["612345679"]);

  const path = { id: one.id };
  const changed = await client.PATCH("/gadgets/{id}", { params: { path }, body: cleared });
  const after: Gadget = changed.data!.data.updateGadget;
  const missing = await client.GET("/gadgets/{id}", { params: { path: { id: one.mainPartId! } } });
  assert.deepEqual(missing.error?.messages, ["Record not found"]);
  console.log(JSON.stringify({ one, two, after }));
}

void main();
