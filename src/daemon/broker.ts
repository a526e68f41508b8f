/** The broker as a daemon uses it: for many runs, on its one epoll. */

import { Broker } from "../broker/broker.ts";
import { pinRoots } from "../broker/pin.ts";
import { surroundingsOf } from "../broker/world.ts";
import { Ways } from "../compile/links.ts";
import type { Epoll } from "../native/epoll.ts";
import { HOST_LINKS } from "../native/links.ts";
import type { BrokerService, Holding } from "./office.ts";

class HeldBroker implements Holding {
  readonly #broker: Broker;
  readonly #epoll: Epoll;

  constructor(broker: Broker, epoll: Epoll) {
    this.#broker = broker;
    this.#epoll = epoll;
  }

  get requests(): number {
    return this.#broker.requests;
  }

  get timeoutMs(): number {
    return this.#broker.timeoutMs;
  }

  attach(listenerFd: number): void {
    this.#broker.attach(listenerFd, this.#epoll, true);
  }

  tick(): void {
    this.#broker.tick();
  }

  close(): void {
    this.#broker.close();
  }
}

/** Mounts at run time are made by the run's own keeper, which only its client can talk to. */
export const brokerService: BrokerService = {
  prepare(epoll, policy, emit) {
    const { broker } = policy;
    if (broker === undefined) return "the policy has no broker";
    const { mount_tmpfs, mount_bind, mount_object } = broker;
    if (mount_tmpfs.length + mount_bind.length + mount_object.length > 0)
      return "its mounts are made by its own keeper";
    try {
      const roots = pinRoots(broker, new Ways(policy, HOST_LINKS));
      return new HeldBroker(new Broker(roots, emit, undefined, surroundingsOf(policy)), epoll);
    } catch (error) {
      return `its lists can't be pinned: ${error instanceof Error ? error.message : String(error)}`;
    }
  },
};
