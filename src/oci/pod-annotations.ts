/** Annotations of pods: those that engines write, and those that a container keeps of them. */

/** How one engine marks the containers of a pod. */
export interface PodAnnotations {
  engine: "containerd" | "CRI-O" | "dockershim";
  typeKey: string;
  /** Value of the type for the container that holds the pod's namespaces. */
  sandboxValue: string;
  /** Value of the type for a container that joins them. */
  containerValue: string;
  /** Key of the sandbox's id, on the containers that join it. */
  sandboxIdKey: string;
}

/** The engines' annotations, in the order in which they are looked for. */
export const POD_ANNOTATIONS: readonly PodAnnotations[] = [
  {
    engine: "containerd",
    typeKey: "io.kubernetes.cri.container-type",
    sandboxValue: "sandbox",
    containerValue: "container",
    sandboxIdKey: "io.kubernetes.cri.sandbox-id",
  },
  {
    engine: "CRI-O",
    typeKey: "io.kubernetes.cri-o.ContainerType",
    sandboxValue: "sandbox",
    containerValue: "container",
    sandboxIdKey: "io.kubernetes.cri-o.SandboxID",
  },
  {
    engine: "dockershim",
    typeKey: "io.kubernetes.docker.type",
    sandboxValue: "podsandbox",
    containerValue: "container",
    sandboxIdKey: "io.kubernetes.sandbox.id",
  },
];

/** Key under which a container's configuration keeps the path of its bundle; the name is Kata's. */
export const BUNDLE_PATH_KEY = "io.katacontainers.pkg.oci.bundle_path";

/** Key under which a container's configuration keeps its type; the name is Kata's. */
export const CONTAINER_TYPE_KEY = "io.katacontainers.pkg.oci.container_type";
