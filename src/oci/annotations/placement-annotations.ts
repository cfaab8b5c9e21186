import { bool, choice, text, unserved } from "./annotation.ts";

/** Annotations by which engines and this program place a container. */
export const PLACEMENT_ANNOTATIONS = {
  "io.runhcs.isolation": choice(["process", "hypervisor"], "how the container is kept apart", "process"),
  "io.kubernetes.cri.container-type": choice(
    ["sandbox", "container"],
    "whether the container holds the namespaces of a pod or joins them (containerd)",
    "none",
  ),
  "io.kubernetes.cri.sandbox-id": text("pod of the container (containerd)"),
  "io.kubernetes.cri-o.ContainerType": choice(["sandbox", "container"], "the same of CRI-O", "none"),
  "io.kubernetes.cri-o.SandboxID": text("the same of CRI-O"),
  "io.kubernetes.docker.type": choice(["podsandbox", "container"], "the same of dockershim", "none"),
  "io.kubernetes.sandbox.id": text("the same of dockershim"),
  "io.microsoft.cri.skip-pod-networking": unserved(bool("make no network for the pod")),
  "io.microsoft.cri.tenant-sandbox-id": unserved(text("pod of the tenant that the container belongs to")),
  "io.microsoft.cri.virtual-pod-id": unserved(text("pod within the VM of another pod")),
  "io.microsoft.network.ncproxy": unserved(text("address of the proxy that sets up networks")),
  "io.microsoft.network.ncproxy.containerid": unserved(text("name of the container towards that proxy")),
  "io.microsoft.migration.support-enabled": unserved(bool("make the VM ready for live migration")),
  "io.microsoft.migration.source-container-id": unserved(text("container that is moved here")),
};
