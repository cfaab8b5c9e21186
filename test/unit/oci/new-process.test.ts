import { expect, test } from "vitest";
import { newProcess } from "../../../src/oci/new-process.ts";

test("runs the words of exec, not the command line of the container's own process", () => {
  const own = () => ({ cwd: "C:\\", commandLine: "ping -t localhost", env: ["A=1"] });
  const made = newProcess({ args: ["cmd", "/c", "dir"], env: ["B=2"] }, own);
  expect(made).toEqual({
    cwd: "C:\\",
    args: ["cmd", "/c", "dir"],
    env: ["A=1", "B=2"],
    user: {},
    terminal: false,
  });
});
