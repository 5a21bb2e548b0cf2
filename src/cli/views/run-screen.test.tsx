import { setTimeout as sleep } from "node:timers/promises";
import { cleanup, render } from "ink-testing-library";
import { afterEach, expect, test, vi } from "vitest";
import { progressOf, train, upToTraining } from "../../../test/run-updates.js";
import { RunScreen } from "./run-screen.js";

afterEach(cleanup);

const ctrlC = "\x03";
const question = "Training goes on in the background by itself.";

function screen(onStop: () => Promise<void> = async () => {}) {
  const onDetach = vi.fn();
  const stop = vi.fn(onStop);
  const progress = progressOf(train(upToTraining(), 36));
  const props = { progress, clock: { now: 0, sinceEventMs: 0 }, tick: 0, onDetach, onStop: stop };
  const app = render(<RunScreen {...props} isLast={false} />);
  const press = async (key: string) => {
    // Ink listens to the keyboard only after the first frame.
    await sleep(20);
    app.stdin.write(key);
    await sleep(20);
  };
  const end = () => app.rerender(<RunScreen {...props} isLast={true} />);
  return { press, end, onDetach, stop, frame: () => app.lastFrame() ?? "" };
}

test("Ctrl-C asks, and c goes on watching", async () => {
  const { press, frame, onDetach, stop } = screen();
  expect(frame()).toContain("Ctrl-C: detach or stop");
  await press(ctrlC);
  expect(frame()).toContain(question);
  expect(frame()).toContain("[d]etach  [s]top with a checkpoint  [c]ontinue watching");
  await press("c");
  expect(frame()).not.toContain(question);
  expect(onDetach).not.toHaveBeenCalled();
  expect(stop).not.toHaveBeenCalled();
});

test("keys do nothing before the question", async () => {
  const { press, onDetach, stop } = screen();
  for (const key of ["d", "s", "c"]) await press(key);
  expect(onDetach).not.toHaveBeenCalled();
  expect(stop).not.toHaveBeenCalled();
});

test.each([["d"], [ctrlC]])("Ctrl-C and then %j detaches", async (key) => {
  const { press, onDetach, stop } = screen();
  await press(ctrlC);
  await press(key);
  expect(onDetach).toHaveBeenCalledOnce();
  expect(stop).not.toHaveBeenCalled();
});

test("s stops once and says so, and Ctrl-C then leaves without waiting", async () => {
  const { press, frame, onDetach, stop } = screen();
  await press(ctrlC);
  await press("s");
  await press("s");
  expect(stop).toHaveBeenCalledOnce();
  expect(frame()).toContain("stopping...");
  await press(ctrlC);
  expect(onDetach).toHaveBeenCalledOnce();
});

test("a stop that fails is told, and can be asked for again", async () => {
  const { press, frame, stop } = screen(() => Promise.reject(new Error("the launcher does not answer")));
  await press(ctrlC);
  await press("s");
  expect(frame()).toContain("could not stop it: the launcher does not answer");
  await press(ctrlC);
  await press("s");
  expect(stop).toHaveBeenCalledTimes(2);
});

test("the last frame asks nothing", async () => {
  const { press, end, frame } = screen();
  await press(ctrlC);
  end();
  expect(frame()).not.toContain(question);
});
