// Commands on Windows that tell something, and those that need no compute service.
import * as fs from "node:fs";
import { join } from "node:path";
import type { TestRunner } from "../contract/test-runner.ts";
import type { CommandLineTests } from "./command-line.ts";

/** Two blocks of zeros are a tar without files. */
const EMPTY_TAR = new Uint8Array(1024);

/** Declares the tests. */
export function describeInformation(
  { describe, expect }: TestRunner,
  { inRoot, refused }: CommandLineTests,
): void {
  describe("runhcs on Windows tells", () => {
    inRoot("its version and its commands", async (place) => {
      expect(await place.ok("--version")).toMatch(/^runhcs version \d+\.\d+\.\d+[^]*spec: 1\./);
      const help = await place.ok("--help");
      for (const name of ["create", "delete", "resize-tty", "doctor", "layer"]) expect(help).toContain(name);
      expect(help.includes("shim")).toBe(false);
      const usage = await place.ok("create", "--help");
      expect(await place.ok("help", "create")).toBe(usage);
      expect(usage).toMatch(/--bundle[^]*--pid-file/);
      expect(await place.ok("layer", "--help")).toMatch(/layer mount/);
      await refused(place, ["creat"], /^Cannot run "runhcs creat": .* did you mean "create"\?$/);
      await refused(place, ["create", "--nonsense", "web"], /nonsense/);
    });

    inRoot("what it can do", async (place) => {
      const features = JSON.parse(await place.ok("features")) as Record<string, unknown>;
      expect([features["ociVersionMin"], features["hooks"]]).toEqual([
        "1.0.0",
        ["prestart", "createRuntime", "poststart", "poststop"],
      ]);
      expect(Object.keys(features["annotations"] as object)).toContain("io.runhcs.version");
      const annotations = JSON.parse(await place.ok("annotations", "--json")) as { name: string }[];
      expect(annotations.length).toBeGreaterThan(10);
      expect(await place.ok("annotations")).toMatch(/^NAME +TYPE +DEFAULT +EFFECT/);
      expect(await place.ok("completion", "bash")).toContain("resize-tty");
    });

    inRoot("what the host has, and what it lacks", async (place) => {
      const look = async () => {
        const { code, stdout, stderr } = await place.call(["doctor", "--json"]);
        expect(stderr).toBe("");
        const found = JSON.parse(stdout) as { subject: string; verdict: string; found: string }[];
        return { code, found: found.map(({ subject, verdict }) => `${subject}: ${verdict}`), all: stdout };
      };
      const { code, found } = await look();
      expect([code, found]).toEqual([0, ["windows: ok", "compute service: ok"]]);
      expect(await place.ok("doctor")).toMatch(/^VERDICT +SUBJECT +FOUND[^]*ok +windows +Windows build \d+/);
      place.double.control({ Dead: true });
      const dead = await look();
      expect([dead.code, dead.found]).toEqual([1, ["windows: ok", "compute service: fail"]]);
      expect(dead.all).toContain("RPC_S_SERVER_UNAVAILABLE");
      place.double.control({ Dead: false });
    });

    inRoot("how a bundle begins, and what becomes of it", async (place) => {
      const folder = join(place.folder, "bundle");
      fs.mkdirSync(folder);
      await place.ok("spec", "--bundle", folder);
      const config = JSON.parse(fs.readFileSync(join(folder, "config.json"), "utf8")) as {
        windows?: object;
        linux?: object;
      };
      expect([config.windows === undefined, config.linux]).toEqual([false, undefined]);
      await refused(place, ["spec", "--bundle", folder], /exists/);
      const words = ["spec", "--document", "--bundle", place.bundle(["silent"])];
      const { code, stdout: document, stderr } = await place.call(words);
      // The service of this host knows the ids of its layers.
      expect([code, stderr]).toEqual([0, ""]);
      const { Owner, Container } = JSON.parse(document) as Record<string, { Storage?: object }>;
      expect([Owner, Object.keys(Container?.Storage ?? {}).toSorted()]).toEqual([
        "runhcs",
        ["Layers", "Path"],
      ]);
    });

    inRoot("what is in the images of layers, and makes them", async (place) => {
      const [tar, image, copy] = ["a.tar", "layer.vhd", "b.tar"].map((name) => join(place.folder, name));
      if (tar === undefined || image === undefined || copy === undefined) throw new Error("no names");
      await refused(place, ["layer", "import", tar, image], /^Cannot .*a\.tar.*no such file or directory/);
      expect(fs.existsSync(image)).toBe(false);
      fs.writeFileSync(tar, EMPTY_TAR);
      await place.ok("layer", "import", tar, image);
      await refused(place, ["layer", "import", tar, image], /exists/);
      await place.ok("layer", "verify", image);
      expect(await place.ok("layer", "ls", image)).toMatch(/lost\+found|^$/);
      await place.ok("layer", "export", image, copy);
      expect(fs.statSync(copy).size).toBeGreaterThan(1023);
      await refused(place, ["layer", "export", tar, `${copy}.2`], /^Cannot .*a\.tar/);
      expect(fs.existsSync(`${copy}.2`)).toBe(false);
    });
  });
}
