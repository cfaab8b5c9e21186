/**
 * The results of the compute service, of its network service and of Win32, as data.
 *
 * A key is a canonical result: `0x8037nnnn` for the compute service, `0x803bnnnn` for networks, the bare
 * code for Win32. Each meaning completes a sentence that begins with what could not be done.
 *
 * @see https://learn.microsoft.com/virtualization/api/hcs/reference/hcshresult
 * @see https://learn.microsoft.com/virtualization/api/hcn/reference/hcnhresult
 */

/** What is known about one result. */
export interface ResultMeaning {
  /** Symbol of the Windows headers. */
  name: string;
  /** The end of a sentence, in lower case and without a period. */
  meaning: string;
  /** One imperative sentence that tells what to do. */
  hint?: string;
}

const ADMINISTRATORS = "Run as an administrator or join the Hyper-V Administrators group.";
const SERVICE = "Check that the Host Compute Service is running.";
const HYPERVISOR = "Enable the Hyper-V and Containers features and virtualization in the firmware.";

/** Results with facility 0x37, which the service writes as 0x8037nnnn or, in its older form, as 0xC037nnnn. */
export const COMPUTE_RESULTS: Readonly<Record<number, ResultMeaning>> = {
  0x80370100: { name: "HCS_E_TERMINATED_DURING_START", meaning: "it exited while it was starting" },
  0x80370101: {
    name: "HCS_E_IMAGE_MISMATCH",
    meaning: "the operating system of the image does not match that of the host",
    hint: "Use an image of the host's Windows build, or hypervisor isolation.",
  },
  0x80370102: {
    name: "HCS_E_HYPERV_NOT_INSTALLED",
    meaning: "the host lacks a feature that virtual machines need",
    hint: HYPERVISOR,
  },
  0x80370105: { name: "HCS_E_INVALID_STATE", meaning: "the operation is not valid in the current state" },
  0x80370106: { name: "HCS_E_UNEXPECTED_EXIT", meaning: "it exited unexpectedly" },
  0x80370107: { name: "HCS_E_TERMINATED", meaning: "it was terminated by force" },
  0x80370108: { name: "HCS_E_CONNECT_FAILED", meaning: "no connection to it could be made" },
  0x80370109: { name: "HCS_E_CONNECTION_TIMEOUT", meaning: "it did not answer in time" },
  0x8037010a: { name: "HCS_E_CONNECTION_CLOSED", meaning: "the connection to it was closed" },
  0x8037010b: {
    name: "HCS_E_UNKNOWN_MESSAGE",
    meaning: "it does not know the message that it received",
    hint: "Use a host and a guest of the same generation.",
  },
  0x8037010c: {
    name: "HCS_E_UNSUPPORTED_PROTOCOL_VERSION",
    meaning: "host and guest have no version of their protocol in common",
    hint: "Use a host and a guest of the same generation.",
  },
  0x8037010d: { name: "HCS_E_INVALID_JSON", meaning: "the document is invalid" },
  0x8037010e: { name: "HCS_E_SYSTEM_NOT_FOUND", meaning: "a compute system of this id does not exist" },
  0x8037010f: { name: "HCS_E_SYSTEM_ALREADY_EXISTS", meaning: "a compute system of this id already exists" },
  0x80370110: { name: "HCS_E_SYSTEM_ALREADY_STOPPED", meaning: "the compute system is not running" },
  0x80370111: { name: "HCS_E_PROTOCOL_ERROR", meaning: "host and guest did not keep to their protocol" },
  0x80370112: { name: "HCS_E_INVALID_LAYER", meaning: "the image holds a layer of an unknown format" },
  0x80370113: {
    name: "HCS_E_WINDOWS_INSIDER_REQUIRED",
    meaning: "the image needs a host of the Windows Insider Program",
  },
  0x80370114: {
    name: "HCS_E_SERVICE_NOT_AVAILABLE",
    meaning: "the host lacks a feature that the operation needs",
    hint: HYPERVISOR,
  },
  0x80370115: { name: "HCS_E_OPERATION_NOT_STARTED", meaning: "the operation has not been started" },
  0x80370116: { name: "HCS_E_OPERATION_ALREADY_STARTED", meaning: "the operation has been started already" },
  0x80370117: { name: "HCS_E_OPERATION_PENDING", meaning: "the operation has not completed yet" },
  0x80370118: { name: "HCS_E_OPERATION_TIMEOUT", meaning: "the operation did not complete in time" },
  0x80370119: {
    name: "HCS_E_OPERATION_SYSTEM_CALLBACK_ALREADY_SET",
    meaning: "this handle has a callback for events already",
  },
  0x8037011a: {
    name: "HCS_E_OPERATION_RESULT_ALLOCATION_FAILED",
    meaning: "the service has no memory left for its answer",
  },
  0x8037011b: { name: "HCS_E_ACCESS_DENIED", meaning: "permission denied", hint: ADMINISTRATORS },
  0x8037011c: {
    name: "HCS_E_GUEST_CRITICAL_ERROR",
    meaning: "its guest met a critical error and was stopped or restarted",
  },
  0x8037011d: {
    name: "HCS_E_PROCESS_INFO_NOT_AVAILABLE",
    meaning: "nothing is known about the process any more",
  },
  0x8037011e: {
    name: "HCS_E_SERVICE_DISCONNECT",
    meaning: "the compute service ended the connection",
    hint: SERVICE,
  },
  0x8037011f: { name: "HCS_E_PROCESS_ALREADY_STOPPED", meaning: "the process already finished" },
  0xc0351000: {
    name: "ERROR_HV_NOT_PRESENT",
    meaning: "no hypervisor is running on the host",
    hint: HYPERVISOR,
  },
};

/** Results of the network service, on the host (HCN) and in the guest (GCN). */
export const NETWORK_RESULTS: Readonly<Record<number, ResultMeaning>> = {
  0x803b0001: { name: "HCN_E_NETWORK_NOT_FOUND", meaning: "the network does not exist" },
  0x803b0002: { name: "HCN_E_ENDPOINT_NOT_FOUND", meaning: "the endpoint does not exist" },
  0x803b0003: { name: "HCN_E_LAYER_NOT_FOUND", meaning: "the network below it does not exist" },
  0x803b0004: { name: "HCN_E_SWITCH_NOT_FOUND", meaning: "the virtual switch does not exist" },
  0x803b0005: { name: "HCN_E_SUBNET_NOT_FOUND", meaning: "the network has no subnet for the endpoint" },
  0x803b0006: { name: "HCN_E_ADAPTER_NOT_FOUND", meaning: "the network adapter does not exist" },
  0x803b0007: { name: "HCN_E_PORT_NOT_FOUND", meaning: "the port of the switch does not exist" },
  0x803b0008: { name: "HCN_E_POLICY_NOT_FOUND", meaning: "a policy that it needs does not exist" },
  0x803b0009: { name: "HCN_E_VFP_PORTSETTING_NOT_FOUND", meaning: "the switch lacks a setting of its port" },
  0x803b000a: { name: "HCN_E_INVALID_NETWORK", meaning: "the network settings are invalid or incomplete" },
  0x803b000b: { name: "HCN_E_INVALID_NETWORK_TYPE", meaning: "the type of the network is unknown" },
  0x803b000c: { name: "HCN_E_INVALID_ENDPOINT", meaning: "the endpoint settings are invalid or incomplete" },
  0x803b000d: { name: "HCN_E_INVALID_POLICY", meaning: "the policy settings are invalid or incomplete" },
  0x803b000e: { name: "HCN_E_INVALID_POLICY_TYPE", meaning: "the type of the policy is unknown" },
  0x803b000f: {
    name: "HCN_E_INVALID_REMOTE_ENDPOINT_OPERATION",
    meaning: "the operation is not valid for an endpoint of another host",
  },
  0x803b0010: { name: "HCN_E_NETWORK_ALREADY_EXISTS", meaning: "a network of this name already exists" },
  0x803b0011: { name: "HCN_E_LAYER_ALREADY_EXISTS", meaning: "the network below it already exists" },
  0x803b0012: { name: "HCN_E_POLICY_ALREADY_EXISTS", meaning: "the policy already exists on it" },
  0x803b0013: { name: "HCN_E_PORT_ALREADY_EXISTS", meaning: "the port already exists" },
  0x803b0014: { name: "HCN_E_ENDPOINT_ALREADY_ATTACHED", meaning: "the endpoint is attached already" },
  0x803b0015: {
    name: "HCN_E_REQUEST_UNSUPPORTED",
    meaning: "the network service does not offer this request",
  },
  0x803b0016: { name: "HCN_E_MAPPING_NOT_SUPPORTED", meaning: "the network offers no port mapping" },
  0x803b0017: { name: "HCN_E_DEGRADED_OPERATION", meaning: "the object is only partly usable" },
  0x803b0018: { name: "HCN_E_SHARED_SWITCH_MODIFICATION", meaning: "several networks share the switch" },
  0x803b0019: { name: "HCN_E_GUID_CONVERSION_FAILURE", meaning: "a parameter is not a GUID" },
  0x803b001a: { name: "HCN_E_REGKEY_FAILURE", meaning: "a registry key could not be processed" },
  0x803b001b: { name: "HCN_E_INVALID_JSON", meaning: "the network document is invalid" },
  0x803b001c: {
    name: "HCN_E_INVALID_JSON_REFERENCE",
    meaning: "the network document refers to something that is not in it",
  },
  0x803b001d: { name: "HCN_E_ENDPOINT_SHARING_DISABLED", meaning: "the endpoint must not be shared" },
  0x803b001e: { name: "HCN_E_INVALID_IP", meaning: "the address is invalid or outside the subnets" },
  0x803b001f: { name: "HCN_E_SWITCH_EXTENSION_NOT_FOUND", meaning: "the switch lacks this extension" },
  0x803b0020: { name: "HCN_E_MANAGER_STOPPED", meaning: "the network service is stopping" },
  0x803b0021: { name: "GCN_E_MODULE_NOT_FOUND", meaning: "the guest lacks a module of its network service" },
  0x803b0022: {
    name: "GCN_E_NO_REQUEST_HANDLERS",
    meaning: "the guest has nothing that handles the request",
  },
  0x803b0023: { name: "GCN_E_REQUEST_UNSUPPORTED", meaning: "the guest does not offer this request" },
  0x803b0024: { name: "GCN_E_RUNTIMEKEYS_FAILED", meaning: "the guest could not add the runtime keys" },
  0x803b0025: { name: "GCN_E_NETADAPTER_TIMEOUT", meaning: "the network adapter did not appear in time" },
  0x803b0026: { name: "GCN_E_NETADAPTER_NOT_FOUND", meaning: "the guest lacks the network adapter" },
  0x803b0027: { name: "GCN_E_NETCOMPARTMENT_NOT_FOUND", meaning: "the guest lacks the network compartment" },
  0x803b0028: { name: "GCN_E_NETINTERFACE_NOT_FOUND", meaning: "the guest lacks the network interface" },
  0x803b0029: { name: "GCN_E_DEFAULTNAMESPACE_EXISTS", meaning: "the guest has a default namespace already" },
  0x803b002a: {
    name: "HCN_E_ICS_DISABLED",
    meaning: "the SharedAccess service is disabled",
    hint: "Enable Internet Connection Sharing (service SharedAccess).",
  },
  0x803b002b: {
    name: "HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS",
    meaning: "the endpoint belongs to a network namespace already",
  },
  0x803b002c: { name: "HCN_E_ENTITY_HAS_REFERENCES", meaning: "something still refers to it" },
  0x803b002d: { name: "HCN_E_INVALID_INTERNAL_PORT", meaning: "the internal port is missing or zero" },
  0x803b002e: { name: "HCN_E_NAMESPACE_ATTACH_FAILED", meaning: "the namespace could not be attached" },
  0x803b002f: { name: "HCN_E_ADDR_INVALID_OR_RESERVED", meaning: "the address is invalid or reserved" },
  0x803b0030: { name: "HCN_E_INVALID_PREFIX", meaning: "the address prefix is invalid" },
  0x803b0031: { name: "HCN_E_OBJECT_USED_AFTER_UNLOAD", meaning: "the object has been taken down" },
  0x803b0032: { name: "HCN_E_INVALID_SUBNET", meaning: "the subnet settings are invalid or incomplete" },
  0x803b0033: {
    name: "HCN_E_INVALID_IP_SUBNET",
    meaning: "the IP subnet settings are invalid or incomplete",
  },
  0x803b0034: { name: "HCN_E_ENDPOINT_NOT_ATTACHED", meaning: "the endpoint is not attached" },
  0x803b0035: { name: "HCN_E_ENDPOINT_NOT_LOCAL", meaning: "the endpoint belongs to another host" },
  0x803b0036: {
    name: "HCN_INTERFACEPARAMETERS_ALREADY_APPLIED",
    meaning: "a policy of interface parameters is applied already",
  },
  0x803b0037: { name: "HCN_E_VFP_NOT_ALLOWED", meaning: "this type of network needs VFP, which is absent" },
};

/** Results that every Windows interface shares; below 0x10000 they are Win32 codes. */
export const SYSTEM_RESULTS: Readonly<Record<number, ResultMeaning>> = {
  0x0: { name: "S_OK", meaning: "it succeeded" },
  0x2: { name: "ERROR_FILE_NOT_FOUND", meaning: "the file was not found" },
  0x3: { name: "ERROR_PATH_NOT_FOUND", meaning: "the path was not found" },
  0x5: { name: "ERROR_ACCESS_DENIED", meaning: "permission denied", hint: ADMINISTRATORS },
  0x6: { name: "ERROR_INVALID_HANDLE", meaning: "the handle is invalid" },
  0xd: { name: "ERROR_INVALID_DATA", meaning: "the data is invalid" },
  0xe: { name: "ERROR_OUTOFMEMORY", meaning: "the host has no memory left" },
  0x20: { name: "ERROR_SHARING_VIOLATION", meaning: "another process uses the file" },
  0x32: { name: "ERROR_NOT_SUPPORTED", meaning: "the host does not support it" },
  0x50: { name: "ERROR_FILE_EXISTS", meaning: "the file already exists" },
  0x57: { name: "ERROR_INVALID_PARAMETER", meaning: "a parameter is invalid" },
  0x70: { name: "ERROR_DISK_FULL", meaning: "the disk is full" },
  0x7f: { name: "ERROR_PROC_NOT_FOUND", meaning: "the procedure was not found" },
  0xb7: { name: "ERROR_ALREADY_EXISTS", meaning: "it already exists" },
  0x102: { name: "WAIT_TIMEOUT", meaning: "the wait took too long" },
  0x490: { name: "ERROR_NOT_FOUND", meaning: "the element was not found" },
  0x522: { name: "ERROR_PRIVILEGE_NOT_HELD", meaning: "a privilege is missing", hint: ADMINISTRATORS },
  0x569: {
    name: "ERROR_LOGON_TYPE_NOT_GRANTED",
    meaning: "the virtual machine may not log on as a service",
    hint: "Grant the right to log on as a service to NT VIRTUAL MACHINE\\Virtual Machines.",
  },
  0x5aa: { name: "ERROR_NO_SYSTEM_RESOURCES", meaning: "the host has no resources left" },
  0x5b4: { name: "ERROR_TIMEOUT", meaning: "the time was over" },
  0x6ba: { name: "RPC_S_SERVER_UNAVAILABLE", meaning: "the service does not answer", hint: SERVICE },
  0x6be: { name: "RPC_S_CALL_FAILED", meaning: "the call to the service failed" },
  0x6bf: { name: "RPC_S_CALL_FAILED_DNE", meaning: "the call to the service failed and had no effect" },
  0x80004001: { name: "E_NOTIMPL", meaning: "it is not implemented" },
  0x80004005: { name: "E_FAIL", meaning: "it failed without a stated reason" },
};
