/** Where a bundle has the drivers of assigned devices: annotations name them. */
import { annotationValue, type AnnotationTexts } from "../annotations.ts";

/** The folders of the host with drivers to install in a Windows VM. */
export function driverFolders(annotations: AnnotationTexts): string[] {
  const names = annotationValue(annotations, "io.microsoft.assigneddevice.kerneldrivers") ?? "";
  return names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** The disk of the host with the drivers of a GPU for a Linux VM; undefined if none is named. */
export function gpuDriverDisk(annotations: AnnotationTexts): string | undefined {
  return annotationValue(annotations, "io.microsoft.lcow.gpuvhdpath");
}
