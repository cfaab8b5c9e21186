import { RuntimeError } from "../../base/errors.ts";
import type { Diagnosis } from "../compute-service.ts";
import type { HcsService } from "./compute-service.ts";

/** First build of Windows with the documents of schema 2. */
const SCHEMA_2_BUILD = 17763;
/** First build of Windows with containers. */
const FIRST_BUILD = 14393;

/** Looks for what containers need of a Windows host. */
export async function diagnoseWindows({
  hcs,
  osBuild,
}: {
  hcs: HcsService;
  osBuild: number;
}): Promise<Diagnosis[]> {
  return [diagnoseBuild(osBuild), await diagnoseService(hcs)];
}

function diagnoseBuild(build: number): Diagnosis {
  const found = `Windows build ${build}`;
  if (build < FIRST_BUILD)
    return { subject: "windows", verdict: "fail", found, remedy: `Use build ${FIRST_BUILD} or later` };
  if (build < SCHEMA_2_BUILD)
    return {
      subject: "windows",
      verdict: "warn",
      found,
      remedy: `Use build ${SCHEMA_2_BUILD} or later for pods`,
    };
  return { subject: "windows", verdict: "ok", found };
}

async function diagnoseService(hcs: HcsService): Promise<Diagnosis> {
  const subject = "compute service";
  try {
    const systems = await hcs.enumerateSystems();
    return { subject, verdict: "ok", found: `it answers; ${systems.length} systems run` };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return {
      subject,
      verdict: "fail",
      found: error.message,
      remedy: error.hint ?? "Run runhcs as administrator",
    };
  }
}
