import { expect, test } from "vitest";
import { FarSide, vmOver } from "./far-side.ts";

const ID = "11111111-2222-3333-4444-555555555555";

test("a Linux guest is given paths and the scratch", async () => {
  const far = new FarSide();
  const vm = await vmOver(far);
  const layers = [{ path: "/tmp/p1" }, { path: "/tmp/p0" }];
  const containerRootPath = "/run/gcs/c/1/rootfs";
  await vm.layers.combine({ containerRootPath, layers, scratchPath: "/run/gcs/c/1" });
  await vm.layers.separate(containerRootPath);
  expect(far.calls).toEqual([
    {
      GuestRequest: {
        ResourceType: "CombinedLayers",
        RequestType: "Add",
        Settings: {
          ContainerRootPath: containerRootPath,
          Layers: [{ Path: "/tmp/p1" }, { Path: "/tmp/p0" }],
          ScratchPath: "/run/gcs/c/1",
        },
      },
    },
    {
      GuestRequest: {
        ResourceType: "CombinedLayers",
        RequestType: "Remove",
        Settings: { ContainerRootPath: containerRootPath },
      },
    },
  ]);
});

test("a Windows guest is given ids and paths of shares, and has the scratch at the root", async () => {
  const far = new FarSide({ os: "windows" });
  const vm = await vmOver(far);
  const layers = [{ id: ID, path: "\\\\?\\VMSMB\\s1" }];
  await vm.layers.combine({ containerRootPath: "C:\\c\\1", layers, scratchPath: "unused" });
  expect(far.requests[0]).toEqual({
    GuestRequest: {
      ResourceType: "CombinedLayers",
      RequestType: "Add",
      Settings: { ContainerRootPath: "C:\\c\\1", Layers: [{ Id: ID, Path: "\\\\?\\VMSMB\\s1" }] },
    },
  });
});

test("what the guest refuses is told with the place", async () => {
  const far = new FarSide();
  const vm = await vmOver(far);
  far.fail(1);
  await expect(vm.layers.separate("/r")).rejects.toMatchObject({
    code: "UVM_MODIFY",
    message: expect.stringMatching(/^Cannot separate layers at "\/r" in utility VM "vm": Cannot modify "vm"/),
  });
});
