// Writes records as the engine does, so that tests can speak for it. Checked against tests/golden/records.json.
import { encodeProperties } from "../../src/ts/properties.js";
import { KIND } from "../../src/ts/records.js";

type Field = number | string;

/** One record: its kind, its flags, and the words after word 0 (text is written as length and padded bytes). */
export function record(kind: keyof typeof KIND, flags: number, ...fields: readonly Field[]): number[] {
  const words = fields.flatMap((field) => (typeof field === "string" ? textWords(field) : [field]));
  return [(KIND[kind] | ((words.length + 1) << 8) | (flags << 24)) >>> 0, ...words];
}

function textWords(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return [bytes.length, ...new Uint32Array(padded.buffer)];
}

const STATES = { idle: 0, connecting: 1, online: 2, waiting: 3, stopped: 4 } as const;

/** A STATUS record. */
export function status(
  state: keyof typeof STATES,
  fields: {
    attempt?: number;
    phase?: number;
    at?: number;
    cause?: number;
    code?: number;
    detail?: string;
    reference?: string;
    flags?: number;
  } = {},
): number[] {
  const { attempt = 1, phase = 0, at = 0, cause = 0, code = 0, detail = "", reference = "", flags = 0 } = fields;
  return record("status", STATES[state] | flags, attempt, phase, at % 2 ** 32, Math.floor(at / 2 ** 32), cause, code, detail, reference);
}

/** What a broker adds to an answer: the words of its span behind two bytes of frame, and that frame. */
export function saying(
  reasonString: string,
  userProperties: [string, string][],
): { span: [number, number]; frame: Uint8Array<ArrayBuffer> } {
  const block = encodeProperties({ reasonString, userProperties }) ?? new Uint8Array(0);
  return { span: [2, block.length], frame: Uint8Array.of(0x40, 0xff, ...block) };
}

/** CONNECTED and the STATUS that follows it. */
export function online(clientId = "test", { maximumPacketSize = 0xffff_ffff, available = 15 } = {}): number[] {
  const connected = record("connected", 2, 30, 0, 65_535, 2, maximumPacketSize, 0, available, 0, 0, clientId);
  return [...connected, ...status("online", { at: 1_000 })];
}

/** A RESTORED record of a QoS 1 message, unless its flags say otherwise. */
export function restored(token: number, id: number, topic: string, fields: { flags?: number; size?: number } = {}): number[] {
  const { flags = 1, size = 0 } = fields;
  return record("restored", flags, token, id % 2 ** 32, Math.floor(id / 2 ** 32), size, topic);
}

/** TOPIC and MESSAGE records for one message whose payload and properties stand in the frame at these spans. */
export function message(
  id: number,
  name: string,
  spans: {
    payload?: [number, number];
    properties?: [number, number];
    flags?: number;
    packetId?: number;
    delivery?: number;
    identifiers?: number[];
  } = {},
): number[] {
  const { payload = [0, 0], properties = [0, 0], flags = 0, packetId = 0, delivery = 0, identifiers = [] } = spans;
  return [...record("topic", 0, id, name), ...record("message", flags, id, ...payload, ...properties, packetId, delivery, ...identifiers)];
}
