// The sample of a stream: everything while it is small, evenly spread when it is not.
import { expect, test } from "vitest";
import { evenSample } from "./even-sample.js";

test.each([
  { rows: 5, oneOf: 1, kept: [0, 1, 2, 3, 4] },
  { rows: 20, oneOf: 4, kept: [0, 4, 8, 12, 16] },
])("of $rows rows one of $oneOf is kept", ({ rows, oneOf, kept }) => {
  const sample = evenSample<number>(8);
  for (let row = 0; row < rows; row += 1) if (sample.next()) sample.keep(row);
  expect(sample).toMatchObject({ oneOf, kept });
});
