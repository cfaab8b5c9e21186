// What is no compute system: layers, disks and networks, through the bindings.
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guidText, parseGuid } from "../../src/hcs/windows/bindings/guid.ts";
import type { LayerDescriptor } from "../../src/hcs/windows/bindings/layouts.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import type { NativeDouble } from "./native-double.ts";

const FILTER_DRIVER = { Flavour: 1, HomeDir: "" };
const PATH_NOT_FOUND = 0x80070003;
const INVALID_STATE = 0xc0370105;
const NO_GUID = parseGuid("00000000-0000-0000-0000-000000000000");
const SECTOR_STORAGE = { DeviceId: 3, VendorId: parseGuid("ec984aec-a0f9-47e9-901f-71415a66345b") };
const LAYER_DATA = JSON.stringify({ SchemaVersion: { Major: 2, Minor: 1 }, Layers: [] });

export function describeHostObjects(
  { describe, test, expect }: TestRunner,
  double: () => NativeDouble,
): void {
  const open = () => openBindings(double().koffi, double().loadLibrary);

  const inFolder = (name: string, body: (folder: string) => Promise<void>): void => {
    test(name, async () => {
      const folder = mkdtempSync(join(tmpdir(), "runhcs-layers-"));
      try {
        await body(folder);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  };

  describe("layers", () => {
    inFolder("are imported, mounted, exported and destroyed", async (folder) => {
      const { vmcompute } = open();
      const [source, base, scratch, copy] = ["source", "base", "scratch", "copy"].map((name) =>
        join(folder, name),
      ) as [string, string, string, string];
      mkdirSync(join(source, "Files", "deep"), { recursive: true });
      writeFileSync(join(source, "Files", "deep", "file"), "content");
      const results = [await vmcompute.ImportLayer(FILTER_DRIVER, base, source, [])];
      const layers = [await describeLayer(base)];
      results.push(
        await vmcompute.CreateSandboxLayer(FILTER_DRIVER, scratch, 0, layers),
        await vmcompute.ExpandSandboxSize(FILTER_DRIVER, scratch, 1 << 20),
        await vmcompute.ActivateLayer(FILTER_DRIVER, scratch),
        await vmcompute.PrepareLayer(FILTER_DRIVER, scratch, layers),
        await vmcompute.UnprepareLayer(FILTER_DRIVER, scratch),
        await vmcompute.DeactivateLayer(FILTER_DRIVER, scratch),
        await vmcompute.ExportLayer(FILTER_DRIVER, base, copy, []),
      );
      expect(results.map(({ value }) => value)).toEqual(results.map(() => 0));
      expect(readFileSync(join(copy, "Files", "deep", "file"), "utf8")).toBe("content");
      expect(statSync(join(scratch, "sandbox.vhdx")).size).toBe(1 << 20);
      expect((await vmcompute.LayerExists(FILTER_DRIVER, scratch)).out).toEqual([1]);
      expect((await vmcompute.DestroyLayer(FILTER_DRIVER, scratch)).value).toBe(0);
      expect((await vmcompute.LayerExists(FILTER_DRIVER, scratch)).out).toEqual([0]);
      expect(existsSync(scratch)).toBe(false);

      async function describeLayer(path: string): Promise<LayerDescriptor> {
        const { out } = await vmcompute.NameToGuid("base");
        return { LayerId: out[0], Flags: 0, Path: path };
      }
    });

    inFolder("refuse what their state or a missing parent does not allow", async (folder) => {
      const { vmcompute } = open();
      const layer = join(folder, "layer");
      expect((await vmcompute.CreateLayer(FILTER_DRIVER, layer, "")).value).toBe(0);
      expect((await vmcompute.PrepareLayer(FILTER_DRIVER, layer, [])).value).toBe(INVALID_STATE);
      const parent = {
        LayerId: parseGuid("00000000-0000-0000-0000-000000000001"),
        Flags: 0,
        Path: join(folder, "no"),
      };
      const made = await vmcompute.CreateSandboxLayer(FILTER_DRIVER, join(folder, "scratch"), 0, [parent]);
      expect(made.value).toBe(PATH_NOT_FOUND);
      expect(readdirSync(folder)).toEqual(["layer"]);
    });

    inFolder("tell where they are mounted, in two calls", async (folder) => {
      const { vmcompute } = open();
      const asked = await vmcompute.GetLayerMountPath(FILTER_DRIVER, folder, 0, null);
      const [length] = asked.out;
      expect(length).toBe(folder.length + 1);
      const path = Buffer.alloc(length * 2);
      await vmcompute.GetLayerMountPath(FILTER_DRIVER, folder, length, path);
      expect(path.toString("utf16le")).toBe(`${folder}\0`);
    });

    test("have an id that depends on their name alone", async () => {
      const { vmcompute } = open();
      const [one, same, other] = await Promise.all(
        ["layer é", "layer é", "layer"].map(async (name) =>
          guidText((await vmcompute.NameToGuid(name)).out[0]),
        ),
      );
      expect([one === same, one === other]).toEqual([true, false]);
      expect(guidText(parseGuid(`{${one?.toUpperCase()}}`))).toBe(one);
    });

    inFolder("go through computestorage.dll as well", async (folder) => {
      const { computestorage } = open();
      const [source, layer, scratch] = ["source", "layer", "scratch"].map((name) => join(folder, name)) as [
        string,
        string,
        string,
      ];
      mkdirSync(source);
      writeFileSync(join(source, "file"), "content");
      const results = [
        await computestorage.HcsImportLayer(layer, source, LAYER_DATA),
        await computestorage.HcsInitializeWritableLayer(scratch, LAYER_DATA, ""),
        await computestorage.HcsAttachLayerStorageFilter(layer, LAYER_DATA),
        await computestorage.HcsDetachLayerStorageFilter(layer),
        await computestorage.HcsExportLayer(layer, join(folder, "copy"), LAYER_DATA, "{}"),
        await computestorage.HcsDestroyLayer(layer),
      ];
      expect(results.map(({ value }) => value)).toEqual(results.map(() => 0));
      expect(readFileSync(join(folder, "copy", "file"), "utf8")).toBe("content");
      const bad = await computestorage.HcsImportLayer(layer, source, "{");
      expect(bad.value).toBe(0xc037010d);
    });

    inFolder("live on disks that are made, attached and found", async (folder) => {
      const { virtdisk, computestorage, openDescriptor } = open();
      const path = join(folder, "disk.vhdx");
      const made = await virtdisk.CreateVirtualDisk(
        SECTOR_STORAGE,
        path,
        0,
        null,
        0,
        0,
        Buffer.alloc(64),
        null,
      );
      expect(made.value).toBe(0);
      const [disk] = made.out;
      expect((await virtdisk.AttachVirtualDisk(disk, null, 0, 0, null, null)).value).toBe(0);
      const needed = await virtdisk.GetVirtualDiskPhysicalPath(disk, 0, null);
      expect([needed.value, needed.out]).toEqual([122, [38]]);
      const name = Buffer.alloc(38);
      await virtdisk.GetVirtualDiskPhysicalPath(disk, 38, name);
      expect(name.toString("utf16le")).toBe("\\\\.\\PhysicalDrive7\0");
      const { out } = await computestorage.HcsGetLayerVhdMountPath(disk);
      expect(out[0]).toMatch(/^\\\\\?\\Volume\{.{36}\}\\$/);
      expect((await virtdisk.DetachVirtualDisk(disk, 0, 0)).value).toBe(0);
      closeSync(openDescriptor(disk ?? 0n));
      const parameters = { Version: 2, GetInfoOnly: 0, ReadOnly: 0, ResiliencyGuid: NO_GUID } as const;
      const again = await virtdisk.OpenVirtualDisk(SECTOR_STORAGE, path, 0, 0, parameters);
      expect(again.value).toBe(0);
      closeSync(openDescriptor(again.out[0] ?? 0n));
      const missing = await virtdisk.OpenVirtualDisk(SECTOR_STORAGE, join(folder, "no"), 0, 0, parameters);
      expect([missing.value, missing.out]).toEqual([2, [null]]);
    });
  });

  describe("networks", () => {
    test("are made, listed, joined and removed", async () => {
      const { vmcompute } = open();
      const call = async (method: string, path: string, object: object | "" = ""): Promise<Answer> => {
        const text = object === "" ? "" : JSON.stringify(object);
        const { value, out } = await vmcompute.HNSCall(method, path, text);
        expect(value).toBe(0);
        return JSON.parse(out[0] ?? "") as Answer;
      };
      const { Output: network } = await call("POST", "/networks/", { Name: "nat", Type: "NAT" });
      const { Output: endpoint } = await call("POST", "/endpoints/", { VirtualNetwork: network.ID });
      const { Output: space } = await call("POST", "/namespaces/", { IsDefault: false });
      await call("POST", `/namespaces/${space.Id}/addresource`, {
        Type: "Endpoint",
        Data: { Id: endpoint.ID },
      });
      expect((await call("GET", `/namespaces/${space.Id}`)).Output.Endpoint).toBe(endpoint.ID);
      const { Output: listed } = await call("GET", "/networks/");
      expect((listed as unknown as Output[]).map(({ Name }) => Name)).toContain("nat");
      for (const path of [`/namespaces/${space.Id}`, `/endpoints/${endpoint.ID}`, `/networks/${network.ID}`])
        expect((await call("DELETE", path)).Success).toBe(true);
      expect(await call("GET", `/networks/${network.ID}`)).toEqual({
        Success: false,
        Error: "Element not found.",
      });
      expect((await call("GET", "/globals/version")).Output).toEqual({ Major: 9, Minor: 2 });
    });
  });
}

interface Output {
  ID?: string;
  /** Of a new namespace. */
  Id?: string;
  Name?: string;
  Endpoint?: string;
}

interface Answer {
  Success: boolean;
  Output: Output;
}
