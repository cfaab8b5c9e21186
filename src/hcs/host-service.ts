import type { GetPropertyType, ModificationRequest } from "../schema/hcs.ts";

/** The compute service of a host as a whole, beside the systems that it runs. */
export interface HostService {
  /** Changes a setting of the service. @throws {ComputeError} */
  modify(request: ModificationRequest): Promise<void>;
  /** Asks for properties of the service. @returns an answer for each @throws {ComputeError} */
  properties(types: readonly GetPropertyType[]): Promise<unknown[]>;
}
