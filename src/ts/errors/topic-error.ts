// A topic or filter that MQTT does not allow.
import { HawserError } from "./hawser-error.js";

/**
 * A topic name or filter breaks the rules of MQTT. It was refused before anything was sent.
 *
 * @example
 * client.publish("door/+/state", "open").catch((error) => console.log(error.code, error.topic)); // "topic", "door/+/state"
 */
export class TopicError extends HawserError {
  override readonly code = "topic";
  /** The topic or filter that was given. */
  readonly topic: string;

  constructor(topic: string, problem: string, hint: string) {
    const shown = topic.length > 80 ? `${topic.slice(0, 77)}...` : topic;
    super(`"${shown}" ${problem}`, hint);
    this.topic = topic;
  }

  override get name(): "TopicError" {
    return "TopicError";
  }
}
