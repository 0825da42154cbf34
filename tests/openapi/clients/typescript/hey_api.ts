// A record of every type through the client of @hey-api/openapi-ts. Prints what was answered.
import assert from "node:assert/strict";

import { client } from "./build/sdk/client.gen";
import { createOneGadget, findManyGadgets, findOneGadget, updateOneGadget } from "./build/sdk/sdk.gen";
import type { GadgetForResponse } from "./build/sdk/types.gen";
import { cleared, full, gadget, token, url } from "./build/values";

async function main() {
  client.setConfig({ baseUrl: url, auth: token });

  const made = await createOneGadget({ body: full, throwOnError: true });
  const one: GadgetForResponse = made.data.data.createGadget;
  const nothing = await createOneGadget({ body: gadget, throwOnError: true });
  const two: GadgetForResponse = nothing.data.data.createGadget;

  const query = { order_by: "createdAt[AscNullsFirst]", depth: 1 } as const;
  const page = await findManyGadgets({ query, throwOnError: true });
  const listed = page.data.data.gadgets;
  assert.deepEqual(listed.map((each) => each.id), [one.id, two.id]);
  assert.equal(page.data.totalCount, 2);
  assert.equal(listed[0]!.mainPart?.name, "Bolt");
  assert.equal(listed[0]!.topicPart?.id, one.topicPartId);
  assert.equal(listed[1]!.mainPart, null);

  const changed = await updateOneGadget({ path: { id: one.id }, body: cleared, throwOnError: true });
  const after: GadgetForResponse = changed.data.data.updateGadget;
  const missing = await findOneGadget({ path: { id: one.mainPartId! } });
  assert.deepEqual(missing.error?.messages, ["Record not found"]);
  console.log(JSON.stringify({ one, two, after }));
}

void main();
