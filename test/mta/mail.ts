/** What a mail server was given and what became of it. */

export interface Mail {
  readonly recipient: string;
}

export interface Outcome {
  readonly status: "sent" | "deferred" | "bounced" | "unknown";
  /** What was logged about this message. */
  readonly lines: readonly string[];
}

export const SENDER = "sender@client.invalid";

export function messageTo(recipient: string): string {
  return `From: <${SENDER}>\r\nTo: <${recipient}>\r\nSubject: a row of the table\r\n\r\nHello.\r\n`;
}
