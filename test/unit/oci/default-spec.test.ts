import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadBundle } from "../../../src/oci/bundle.ts";
import { defaultSpec } from "../../../src/oci/default-spec.ts";
import { makeBundle, writeConfig } from "./bundle-folder.ts";

describe.each([{ rootless: false }, { rootless: true }])("defaultSpec(%j)", ({ rootless }) => {
  test("is what runc spec writes, but for version and name", () => {
    const folder = makeBundle();
    execFileSync("runc", ["spec", ...(rootless ? ["--rootless"] : [])], { cwd: folder });
    const written: unknown = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
    const cgroupNamespace = JSON.stringify(written).includes('{"type":"cgroup"}');
    expect({
      ...defaultSpec({ rootless, cgroupNamespace }),
      ociVersion: "1.0.2-dev",
      hostname: "runc",
    }).toEqual(written);
  });

  test("is a valid bundle", () => {
    const folder = makeBundle();
    writeConfig(folder, defaultSpec({ rootless, cgroupNamespace: true }));
    expect(loadBundle(folder).config.linux?.namespaces).toContainEqual({ type: "cgroup" });
  });
});

test("defaultSpec makes a new configuration each time", () => {
  const first = defaultSpec({ rootless: false });
  first.mounts?.[1]?.options?.push("ro");
  first.process?.capabilities?.bounding?.pop();
  expect(defaultSpec({ rootless: false })).not.toEqual(first);
  expect(defaultSpec({ rootless: false }).process?.capabilities?.effective).toHaveLength(3);
});
