// Counts what passes, from the client's packet events.
import type { Client } from "hawser";

export class Traffic {
  /** Epoch ms of the last packet from the broker. */
  heardAt: number | undefined;
  readonly packets = { in: 0, out: 0 };
  readonly bytes = { in: 0, out: 0 };

  constructor(client: Client) {
    client.addEventListener("packet", ({ packet }) => {
      this.packets[packet.direction] += 1;
      this.bytes[packet.direction] += packet.size;
      if (packet.direction === "in") this.heardAt = packet.at;
    });
  }
}
