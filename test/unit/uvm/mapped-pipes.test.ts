import { expect, test } from "vitest";
import { FarSide, vmOver } from "./far-side.ts";

const PIPE = "\\\\.\\pipe\\docker_engine";

test("a pipe is mapped by its path as it is, and counted", async () => {
  const far = new FarSide({ os: "windows" });
  const vm = await vmOver(far);
  const guestPath = "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\IPC$\\docker_engine";
  expect(await vm.pipes.add(PIPE)).toBe(guestPath);
  expect(await vm.pipes.add(PIPE)).toBe(guestPath);
  await vm.pipes.remove(PIPE);
  await vm.pipes.remove(PIPE);
  const ResourcePath = `VirtualMachine/Devices/MappedPipes/${PIPE}`;
  expect(far.calls).toEqual([
    { ResourcePath, RequestType: "Add" },
    { ResourcePath, RequestType: "Remove" },
  ]);
  await expect(vm.pipes.remove(PIPE)).rejects.toMatchObject({ code: "UVM_NOT_ATTACHED" });
  far.fail(1);
  await expect(vm.pipes.add(PIPE)).rejects.toMatchObject({ code: "UVM_MODIFY" });
  await expect(vm.pipes.remove(PIPE)).rejects.toMatchObject({ code: "UVM_NOT_ATTACHED" });
});

test("a Linux guest has none", async () => {
  const vm = await vmOver(new FarSide());
  await expect(vm.pipes.add(PIPE)).rejects.toMatchObject({ code: "UVM_NOT_SUPPORTED" });
  await expect(vm.pipes.remove(PIPE)).rejects.toMatchObject({ code: "UVM_NOT_SUPPORTED" });
});
