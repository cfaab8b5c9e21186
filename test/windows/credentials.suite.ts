// The guard of credentials over the double, which keeps instances as the service does.
import { ComputeError } from "../../src/hcs/results.ts";
import type { HostService } from "../../src/hcs/host-service.ts";
import { HcsService } from "../../src/hcs/windows/compute-service.ts";
import { openBindings } from "../../src/hcs/windows/bindings/open-bindings.ts";
import { readTimeouts } from "../../src/hcs/windows/timeouts.ts";
import {
  guardCredentials,
  guardOwnCredentials,
  unguardCredentials,
} from "../../src/runtime/windows-container/guarded-credentials.ts";
import type { RuntimeOnWindows } from "../../src/runtime/windows-container/runtime-on-windows.ts";
import type { OciConfig } from "../../src/schema/oci.ts";
import type { TestRunner } from "../contract/test-runner.ts";
import { failureOf } from "./measure.ts";
import type { NativeDouble } from "./native-double.ts";

const SPEC = '{"CmsPlugins":["ActiveDirectory"]}';
const E_FAIL = -2147467259;
const [OLD, NEW] = [17134, 17763];

export function describeCredentials(
  { describe, test, expect }: TestRunner,
  double: () => NativeDouble,
): void {
  /** A test with a service of its own, which must not guard anything in the end. */
  const withService = (name: string, body: (service: HostService) => Promise<void>): void => {
    test(name, async () => {
      const hcs = new HcsService(openBindings(double().koffi, double().loadLibrary), readTimeouts({}));
      await body({
        modify: (request) => hcs.modifyServiceSettings(request),
        properties: (types) => hcs.serviceProperties(types),
      });
      expect(double().counts().Credentials).toBe(0);
      hcs.close();
    });
  };

  describe("guarded credentials", () => {
    withService("are the service's until they are given back, once", async (service) => {
      const notes: unknown[] = [];
      const note = (instance: string) => notes.push(instance, double().counts().Credentials);
      const own = await guardCredentials(service, { id: "web", spec: SPEC, isHosted: false }, note);
      const hosted = await guardCredentials(service, { id: "vm", spec: "{}", isHosted: true }, note);
      expect(own.CredentialGuard).toEqual({
        Cookie: "Y29va2ll",
        RpcEndpoint: "web",
        Transport: "LRPC",
        CredentialSpec: SPEC,
      });
      expect([hosted.CredentialGuard?.Transport, hosted.CredentialGuard?.RpcEndpoint]).toEqual([
        "HvSocket",
        "vm",
      ]);
      // Each is noted before the service has it.
      expect(notes).toEqual(["web", 0, "vm", 1]);
      for (const id of ["web", "web", "vm", "other"]) await unguardCredentials(service, id);
    });

    withService("are not taken from another container of the same id", async (service) => {
      const container = { id: "web", spec: SPEC, isHosted: false };
      const notes: string[] = [];
      await guardCredentials(service, container, () => undefined);
      const failure = await failureOf(
        guardCredentials(service, container, (id) => notes.push(id)),
        ComputeError,
      );
      expect(failure.message).toBe(
        'Cannot create container "web": the service guards the credentials of a container of this id already',
      );
      expect(notes).toEqual([]);
      await unguardCredentials(service, "web");
    });

    withService("are missed if the service keeps none", async (service) => {
      const container = { id: "web", spec: SPEC, isHosted: false };
      double().control({ Function: "HcsModifyServiceSettings", Result: 0 });
      const failure = await failureOf(
        guardCredentials(service, container, () => undefined),
        ComputeError,
      );
      expect(failure.message).toBe(
        'Cannot create container "web": the service does not guard its credentials',
      );
      double().control({ Function: "HcsModifyServiceSettings", Result: E_FAIL });
      expect(
        (
          await failureOf(
            guardCredentials(service, container, () => undefined),
            ComputeError,
          )
        ).hresult,
      ).toBe(0x8000_4005);
    });

    withService(
      "are those of a configuration that names some, in a document of schema 2",
      async (service) => {
        const runtime = (osBuild: number) =>
          ({ windows: { osBuild, service } }) as unknown as RuntimeOnWindows;
        const guard = (osBuild: number, credentialSpec: string | object | undefined) => {
          const windows = { layerFolders: [], credentialSpec };
          return guardOwnCredentials(
            runtime(osBuild),
            { id: "web", spec: { windows } as unknown as OciConfig, isHosted: false },
            () => undefined,
          );
        };
        expect(await guard(NEW, undefined)).toBe(undefined);
        expect(await guard(NEW, "")).toBe(undefined);
        expect(await guard(OLD, SPEC)).toBe(undefined);
        expect(double().counts().Credentials).toBe(0);
        expect((await guard(NEW, JSON.parse(SPEC) as object))?.CredentialSpec).toBe(SPEC);
        await unguardCredentials(service, "web");
      },
    );
  });
}
