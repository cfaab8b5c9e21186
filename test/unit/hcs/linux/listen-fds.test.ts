import { describe, expect, test } from "vitest";
import { withListenFds, type SystemRequest } from "../../../../src/hcs/linux/listen-fds.ts";

const REQUEST: SystemRequest = {
  document: {
    SchemaVersion: { Major: 2, Minor: 1 },
    OciBundlePath: "/b",
    OciSpecification: { ociVersion: "1.2.0", process: { cwd: "/", args: ["x"], env: ["A=1"] } },
  },
  attachment: { preserveFds: 2, detached: true, noPivot: false, noNewKeyring: false },
};

describe("withListenFds passes sockets on", () => {
  test.each([
    ["of anyone", { LISTEN_FDS: "3" }, ["LISTEN_FDS=3", "LISTEN_PID=1"]],
    ["of this process", { LISTEN_FDS: "3", LISTEN_PID: "77" }, ["LISTEN_FDS=3", "LISTEN_PID=1"]],
    [
      "with their names",
      { LISTEN_FDS: "3", LISTEN_FDNAMES: "a:b:c" },
      ["LISTEN_FDS=3", "LISTEN_PID=1", "LISTEN_FDNAMES=a:b:c"],
    ],
  ])("%s", (_, env, announced) => {
    const { document, attachment } = withListenFds(REQUEST, env, 77);
    expect(document.OciSpecification.process?.env).toEqual(["A=1", ...announced]);
    expect(attachment).toEqual({ ...REQUEST.attachment, preserveFds: 5 });
    expect(REQUEST.document.OciSpecification.process?.env).toEqual(["A=1"]);
  });
});

describe("withListenFds changes nothing", () => {
  test.each([
    ["without sockets", {}],
    ["with sockets of another process", { LISTEN_FDS: "3", LISTEN_PID: "78" }],
    ["with no number of sockets", { LISTEN_FDS: "many" }],
    ["with a negative number of sockets", { LISTEN_FDS: "-1" }],
    ["with a number that no process can have open", { LISTEN_FDS: "99999999" }],
    ["with an empty number", { LISTEN_FDS: "" }],
  ])("%s", (_, env) => {
    expect(withListenFds(REQUEST, env, 77)).toBe(REQUEST);
  });
});
