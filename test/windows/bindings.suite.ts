// The tables of the bindings against the double: layouts, arguments, outputs, errors, memory.
import { PlatformError } from "../../src/base/errors.ts";
import { parseGuid } from "../../src/hcs/windows/bindings/guid.ts";
import { declareTypes } from "../../src/hcs/windows/bindings/layouts.ts";
import { LIBRARIES, openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import type { CallResult, Signature, Token } from "../../src/hcs/windows/bindings/signature.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { failureOf, median } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";

const DOUBLED = [LIBRARIES.VMCOMPUTE, LIBRARIES.COMPUTESTORAGE, LIBRARIES.VIRTDISK];
const ECHO_BASE = 0x1000;

/** Sizes and offsets on 64-bit Windows; double.h asserts the same of the C compiler. */
const LAYOUTS = {
  guid: [16, 4, { Data1: 0, Data2: 4, Data3: 6, Data4: 8 }],
  processInformation: [32, 8, { ProcessId: 0, Reserved: 4, StdInput: 8, StdOutput: 16, StdError: 24 }],
  driverInfo: [16, 8, { Flavour: 0, HomeDir: 8 }],
  layerDescriptor: [32, 8, { LayerId: 0, Flags: 16, Path: 24 }],
  storageType: [20, 4, { DeviceId: 0, VendorId: 4 }],
  openDiskParameters: [28, 4, { Version: 0, GetInfoOnly: 4, ReadOnly: 8, ResiliencyGuid: 12 }],
} as const;

type AnyCall = (...inputs: unknown[]) => Promise<CallResult>;

/** Names that the double has to export, beside its own three and the function that frees. */
export function functionsOfTables(): string[] {
  return DOUBLED.flatMap(({ functions }) => Object.keys(functions)).toSorted();
}

export function describeBindings({ describe, test, expect }: TestRunner, double: () => NativeDouble): void {
  const open = () => openBindings(double().koffi, double().loadLibrary);
  const callsOf = (): Record<string, AnyCall> => {
    const { vmcompute, computestorage, virtdisk } = open();
    return { ...vmcompute, ...computestorage, ...virtdisk } as unknown as Record<string, AnyCall>;
  };

  describe("the bindings", () => {
    for (const [name, [size, alignment, offsets]] of Object.entries(LAYOUTS)) {
      test(`lay ${name} out as 64-bit Windows does`, async () => {
        const { koffi } = double();
        const type = declareTypes(koffi)[name as keyof typeof LAYOUTS];
        expect([koffi.sizeof(type), koffi.alignof(type)]).toEqual([size, alignment]);
        const found = Object.keys(offsets).map((field) => [field, koffi.offsetof(type, field)]);
        expect(found).toEqual(Object.entries(offsets));
      });
    }

    for (const { functions } of DOUBLED) {
      for (const [name, signature] of Object.entries(functions) as [string, Signature][]) {
        test(`hand every argument of ${name} over and every output back`, async () => {
          const inputs = signature.parameters.flatMap((token, index) => inputFor(token, index));
          double().control({ Echo: true });
          const result = await callsOf()[name]?.(...inputs.map(({ value }) => value));
          const call = double().lastCall();
          double().control({ Echo: false });
          expect(call).toEqual({ Function: name, Arguments: echoed(signature) });
          expect(result?.value).toBe(0);
          expect(result?.out).toEqual(outputsOf(signature));
          expect(double().counts().Allocations).toBe(0);
        });
      }
    }

    for (const { functions } of DOUBLED) {
      for (const [name, signature] of Object.entries(functions) as [string, Signature][]) {
        test(`give the failure of ${name} and its document, and free both`, async () => {
          double().control({
            Function: name,
            Result: 0x80370118 | 0,
            Document: '{"Error":1,"é😀":"\\u0000"}',
          });
          const inputs = signature.parameters.flatMap((token, index) => inputFor(token, index));
          const result = await callsOf()[name]?.(...inputs.map(({ value }) => value));
          expect(result?.value).toBe(0x80370118);
          const strings = signature.parameters.filter((token) => token === "out string").length;
          const texts = result?.out.filter((value) => typeof value === "string") ?? [];
          expect(texts).toEqual(strings === 0 ? [] : ['{"Error":1,"é😀":"\\u0000"}']);
          expect([double().counts().Allocations, double().counts().BadFrees]).toEqual([0, 0]);
        });
      }
    }

    test("open a library with the first call, and once", async () => {
      const opened: string[] = [];
      const { vmcompute } = openBindings(double().koffi, (file) => {
        opened.push(file);
        return double().loadLibrary(file);
      });
      expect(opened).toEqual([]);
      await vmcompute.GetBaseImages();
      await vmcompute.GetBaseImages();
      expect(opened).toEqual(["vmcompute.dll", "ole32.dll"]);
    });

    test("say which feature brings a library that is missing", async () => {
      const { computestorage } = openBindings(double().koffi, () => double().koffi.load("absent.dll"));
      const failure = await failureOf(computestorage.HcsDestroyLayer("x"), PlatformError);
      expect(failure.code).toBe("PLATFORM_MISSING");
      expect(failure.message).toBe('Cannot call "HcsDestroyLayer": "computestorage.dll" cannot be opened');
      expect(failure.hint).toBe("Enable the feature Containers or Hyper-V, from build 17763.");
    });

    test("say which build brings a function that is missing", async () => {
      const { koffi, loadLibrary } = double();
      const other = double().isWindows ? "kernel32.dll" : null;
      const { computestorage } = openBindings(koffi, (file) =>
        file === "computestorage.dll" ? koffi.load(other) : loadLibrary(file),
      );
      const failure = await failureOf(computestorage.HcsSetupBaseOSVolume("a", "b", "{}"), PlatformError);
      expect(failure.message).toBe(
        'Cannot call "HcsSetupBaseOSVolume": "computestorage.dll" of this host does not have it',
      );
      expect(failure.hint).toBe("Use Windows build 19645 or later.");
      const second = await failureOf(computestorage.HcsDestroyLayer("a"), PlatformError);
      expect(second.hint).toBe("Use a newer build of Windows.");
    });

    test("reject arguments of another type instead of calling", async () => {
      const { HcsGetServiceProperties } = callsOf();
      const before = double().counts().Calls;
      await failureOf(HcsGetServiceProperties?.({}) ?? Promise.resolve(), TypeError);
      expect(double().counts().Calls).toBe(before);
    });

    test("carry strings of a megabyte", async () => {
      const { vmcompute } = open();
      const long = `{"PropertyTypes":["${"é".repeat(1 << 20)}"]}`;
      const { value } = await vmcompute.HcsGetServiceProperties(long);
      expect(value).toBe(0);
    });

    test("cost at most 5 microseconds more than koffi alone", async () => {
      // Other programs disturb a measurement, so a bad one is repeated.
      let cost = Infinity;
      for (let attempt = 0; attempt < 3 && cost > 5; attempt++) {
        const { bare, wrapped } = await overhead(double());
        cost = median(wrapped) - median(bare);
        const [all, own] = [median(wrapped), cost].map((value) => value.toFixed(2));
        console.info(`a call takes ${all} us, of which the binding ${own} us`);
      }
      expect(Math.min(cost, 5)).toBe(cost);
    });
  });
}

/** Measures the same function bare and wrapped, in turn, in microseconds. */
async function overhead(double: NativeDouble): Promise<{ bare: number[]; wrapped: number[] }> {
  const calls = 10_000;
  const { vmcompute } = openBindings(double.koffi, double.loadLibrary);
  const native = double.koffi.load(double.path).func("int32_t __stdcall ProcessUtilityImage(str16 path)");
  const bareCall = () =>
    new Promise((resolve, reject) => {
      native.async("x", (error: Error | null, value: number) => {
        if (error === null) resolve(value);
        else reject(error);
      });
    });
  const times = { bare: [] as number[], wrapped: [] as number[] };
  double.control({ Idle: true });
  for (let round = 0; round < calls; round++) {
    const isEven = round % 2 === 0;
    if (isEven) times.bare.push(await timed(bareCall));
    times.wrapped.push(await timed(() => vmcompute.ProcessUtilityImage("x")));
    if (!isEven) times.bare.push(await timed(bareCall));
  }
  double.control({ Idle: false });
  return times;
}

async function timed(call: () => Promise<unknown>): Promise<number> {
  const began = process.hrtime.bigint();
  await call();
  return Number(process.hrtime.bigint() - began) / 1000;
}

/** An argument that occurs once, and how the double writes it. */
function inputFor(token: Token, index: number): { value: unknown; note: unknown }[] {
  const guid = `0000000${index}-0102-0304-0506-0708090a0b0c`;
  switch (token) {
    case "string":
      return [{ value: `é😀 ${index}`, note: `é😀 ${index}` }];
    case "handle":
    case "callback":
      return [{ value: BigInt(0xa000 + index), note: (0xa000 + index).toString(16) }];
    case "u32":
    case "inout u32":
      return [{ value: 0xfffffff0 + index, note: 0xfffffff0 + index }];
    case "u64":
    case "inout u64":
      return [{ value: 0x1_0000_0000 + index, note: 0x1_0000_0000 + index }];
    case "buffer":
      return [{ value: Buffer.alloc(64, index + 1), note: index + 1 }];
    case "driver":
      return [{ value: { Flavour: 1, HomeDir: `home ${index}` }, note: [1, `home ${index}`] }];
    case "layers": {
      const layer = (Path: string) => ({ LayerId: parseGuid(guid), Flags: 0x8000_0000, Path });
      const paths = ["C:\\a", "C:\\b"];
      return [{ value: paths.map(layer), note: paths.map((path) => [guid, 0x8000_0000, path]) }];
    }
    case "storage type":
      return [{ value: { DeviceId: 3, VendorId: parseGuid(guid) }, note: [3, guid] }];
    case "open disk":
      return [
        {
          value: { Version: 2, GetInfoOnly: 0, ReadOnly: 1, ResiliencyGuid: parseGuid(guid) },
          note: [2, 0, 1, guid],
        },
      ];
    default:
      return [];
  }
}

function echoed({ parameters }: Signature): unknown[] {
  return parameters.map((token, index) =>
    token.startsWith("out ") ? "out" : inputFor(token, index)[0]?.note,
  );
}

function outputsOf({ parameters }: Signature): unknown[] {
  return parameters.flatMap((token, index): unknown[] => {
    const number = ECHO_BASE + index;
    if (token === "out string") return [`string ${number}`];
    if (token === "out handle") return [BigInt(number)];
    if (token === "out guid") {
      const bytes = [...Buffer.alloc(16, number)];
      const text = Buffer.from(bytes).toString("hex");
      return [parseGuid(text.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5"))];
    }
    if (token === "out process") {
      const [StdInput, StdOutput, StdError] = [1n, 2n, 3n].map((more) => BigInt(number) + more);
      return [{ ProcessId: number, Reserved: 0, StdInput, StdOutput, StdError }];
    }
    return token.startsWith("out ") || token.startsWith("inout ") ? [number] : [];
  });
}
