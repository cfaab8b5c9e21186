/**
 * The documents of the Host Compute Network service, members named as on the wire.
 *
 * @see https://learn.microsoft.com/windows-server/networking/technologies/hcn/hcn-top
 */
export type * from "./generated/hcs-network.ts";
