/** What the service tells on its own, in the numbers of vmcompute.dll. */
export const NotificationType = {
  SystemExited: 0x1,
  SystemCreateCompleted: 0x2,
  SystemStartCompleted: 0x3,
  SystemPauseCompleted: 0x4,
  SystemResumeCompleted: 0x5,
  SystemCrashReport: 0x6,
  SystemSiloJobCreated: 0x7,
  SystemSaveCompleted: 0x8,
  SystemRdpEnhancedModeStateChanged: 0x9,
  SystemShutdownFailed: 0xa,
  SystemGetPropertiesCompleted: 0xb,
  SystemModifyCompleted: 0xc,
  SystemCrashInitiated: 0xd,
  SystemGuestConnectionClosed: 0xe,
  ProcessExited: 0x10000,
  /** The service has ended; nothing that it held exists any more. */
  ServiceDisconnect: 0x0100_0000,
} as const;

/** A number of {@link NotificationType}. */
export type NotificationNumber = (typeof NotificationType)[keyof typeof NotificationType];

/** One notification of a system or process. */
export interface HcsNotification {
  /** One of {@link NotificationType}, or a number that only a newer service knows. */
  type: number;
  /** Result of what the notification is about, unsigned. */
  status: number;
  /** Document that goes with it. */
  data: string | null;
}

/** Name of a notification, for people. */
export function notificationName(type: number): string {
  const found = Object.entries(NotificationType).find(([, value]) => value === type);
  return found?.[0] ?? `Unknown 0x${type.toString(16)}`;
}
