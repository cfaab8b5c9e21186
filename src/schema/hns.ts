/** The documents of the Host Networking Service, version 1: what `HNSCall` of vmcompute.dll takes and gives. */
export type * from "./generated/hcs-hns.ts";
