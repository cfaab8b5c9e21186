/**
 * advapi32.dll: privileges of this process, and the registry.
 *
 * FFI: a token belongs to the caller until CloseHandle, a key until RegCloseKey; the predefined roots are never
 * closed. Privileges are those of the process, so it does not matter which thread enables them.
 */
import { bool, win32 } from "./signature.ts";

/** The table of advapi32.dll. */
export const ADVAPI32 = {
  file: "advapi32.dll",
  feature: "Windows",
  functions: {
    OpenProcessToken: bool("handle", "u32", "out handle"),
    // The name of the machine, which is null for this one; then the privilege. A LUID is 64 bits.
    LookupPrivilegeValueW: bool("string", "string", "out u64"),
    // True also if not all were given: then the last error is ERROR_NOT_ALL_ASSIGNED.
    AdjustTokenPrivileges: bool("handle", "u32", "buffer", "u32", "buffer", "buffer"),

    // FFI: the descriptor is the caller's until LocalFree.
    ConvertStringSecurityDescriptorToSecurityDescriptorW: bool("string", "u32", "out handle", "buffer"),

    RegCreateKeyExW: win32(
      "handle",
      "string",
      "u32",
      "string",
      "u32",
      "u32",
      "buffer",
      "out handle",
      "out u32",
    ),
    RegOpenKeyExW: win32("handle", "string", "u32", "u32", "out handle"),
    RegCloseKey: win32("handle"),
    RegSetValueExW: win32("handle", "string", "u32", "u32", "buffer", "u32"),
    // The size is in bytes; ERROR_MORE_DATA (234) leaves the size that is needed.
    RegQueryValueExW: win32("handle", "string", "buffer", "out u32", "buffer", "inout u32"),
    RegDeleteValueW: win32("handle", "string"),
    RegDeleteTreeW: win32("handle", "string"),
    // The length is in characters, without the final NUL when it comes back.
    RegEnumKeyExW: win32("handle", "u32", "buffer", "inout u32", "buffer", "buffer", "buffer", "buffer"),
    RegEnumValueW: win32("handle", "u32", "buffer", "inout u32", "buffer", "out u32", "buffer", "buffer"),
  },
  since: {},
} as const;
