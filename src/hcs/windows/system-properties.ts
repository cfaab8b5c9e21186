/** What the service tells of a system, as far as this program reads it. Integers above 2^53 are bigints. */
type Count = number | bigint;

/** Usage of one network adapter. */
export interface NetworkStatistics {
  BytesReceived?: Count;
  BytesSent?: Count;
  PacketsReceived?: Count;
  PacketsSent?: Count;
  DroppedPacketsIncoming?: Count;
  DroppedPacketsOutgoing?: Count;
  EndpointId?: string;
  InstanceId?: string;
}

/** Usage of a container. */
export interface Statistics {
  Timestamp?: string;
  ContainerStartTime?: string;
  Uptime100ns?: Count;
  Memory?: {
    MemoryUsageCommitBytes?: Count;
    MemoryUsageCommitPeakBytes?: Count;
    MemoryUsagePrivateWorkingSetBytes?: Count;
  };
  Processor?: { TotalRuntime100ns?: Count; RuntimeUser100ns?: Count; RuntimeKernel100ns?: Count };
  Storage?: {
    ReadCountNormalized?: Count;
    ReadSizeBytes?: Count;
    WriteCountNormalized?: Count;
    WriteSizeBytes?: Count;
  };
  Network?: NetworkStatistics[];
}

/** A process in the list of a container. */
export interface ProcessDetails {
  ProcessId: number;
  ImageName?: string;
  CreateTimestamp?: string;
  UserTime100ns?: Count;
  KernelTime100ns?: Count;
  MemoryCommitBytes?: Count;
  MemoryWorkingSetPrivateBytes?: Count;
  MemoryWorkingSetSharedBytes?: Count;
}

/** Properties of a system, or one line of the list of all systems. */
export interface HcsProperties {
  Id: string;
  SystemType?: string;
  RuntimeOsType?: string;
  /** `Created`, `Running`, `Paused`, `Stopped` ...; absent or empty before the first start. */
  State?: string;
  Name?: string;
  Owner?: string;
  /** GUID of this system alone; of some containers zeros, which tell nothing. */
  RuntimeId?: string;
  Stopped?: boolean;
  ExitType?: string;
  AreUpdatesPending?: boolean;
  Statistics?: Statistics;
  ProcessList?: ProcessDetails[];
  GuestConnectionInfo?: {
    SupportedSchemaVersions?: { Major: number; Minor: number }[];
    ProtocolVersion?: number;
    GuestDefinedCapabilities?: Record<string, unknown>;
  };
}

const NO_GUID = "00000000-0000-0000-0000-000000000000";

/** The GUID that tells a system from all others; "" if there is none. */
export function ownGuid(runtimeId = NO_GUID): string {
  return runtimeId === NO_GUID ? "" : runtimeId.toLowerCase();
}
