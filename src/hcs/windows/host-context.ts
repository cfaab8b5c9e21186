import type { Bindings } from "./bindings/open-bindings.ts";
import type { NotificationHub } from "./notification-hub.ts";
import type { Timeouts } from "./timeouts.ts";

/** What systems and processes of this host are made with. */
export interface HostContext {
  bindings: Bindings;
  hub: NotificationHub;
  timeouts: Timeouts;
}
