/**
 * An assembler for classic BPF as seccomp takes it. A program is written from its end to its start: jumps go forward
 * only (the kernel refuses any other), so the place that a jump leads to is always known when the jump is written.
 */

import { BPF, BPF_MAXINSNS, SOCK_FILTER_SIZE_BYTES } from "../kernel/seccomp.ts";

/** An instruction that is already written, counted from the program's end: the last one is 1. */
export type Place = number;

/** The program needs more instructions than the kernel takes. */
export class ProgramTooLongError extends Error {
  override readonly name: string = "ProgramTooLongError";
  readonly length: number;

  constructor(length: number) {
    super(`BPF program of ${length} instructions; the kernel takes ${BPF_MAXINSNS}`);
    this.length = length;
  }
}

/** Most instructions that a conditional jump can skip: 8 bits. */
const BRANCH_REACH = 0xff;

/** Each method writes in front of what is there and returns the place of what it wrote. */
export class BackwardProgram {
  /** code, jt, jf, k of each instruction, the program's last first. */
  readonly #fields: number[] = [];
  readonly #returns: Map<number, Place> = new Map();

  /** Instructions so far; also the place of the one written last. */
  get length(): number {
    return this.#fields.length / 4;
  }

  /** Ends the program with a SECCOMP_RET_* value. One return serves all that can reach it. */
  ret(value: number): Place {
    const known = this.#returns.get(value);
    if (known !== undefined && this.#skips(known) <= BRANCH_REACH) return known;
    const place = this.#write(BPF.RETURN, 0, 0, value);
    this.#returns.set(value, place);
    return place;
  }

  /** Accumulator = the 32 bits at an offset into seccomp_data, bytes. */
  load(offset: number, next: Place): Place {
    this.#adjoin(next);
    return this.#write(BPF.LOAD, 0, 0, offset);
  }

  /** Accumulator &= mask. */
  and(mask: number, next: Place): Place {
    this.#adjoin(next);
    return this.#write(BPF.AND, 0, 0, mask);
  }

  ifEqual(k: number, yes: Place, no: Place): Place {
    return this.#branch(BPF.JUMP_EQUAL, k, yes, no);
  }

  /** Unsigned accumulator >= k. */
  ifGreaterEqual(k: number, yes: Place, no: Place): Place {
    return this.#branch(BPF.JUMP_GREATER_EQUAL, k, yes, no);
  }

  /** Any bit of k set in the accumulator. */
  ifAnyBit(k: number, yes: Place, no: Place): Place {
    return this.#branch(BPF.JUMP_ANY_BIT, k, yes, no);
  }

  /**
   * The program as an array of struct sock_filter.
   * @throws ProgramTooLongError beyond BPF_MAXINSNS instructions.
   */
  assemble(): Uint8Array<ArrayBuffer> {
    const { length } = this;
    if (length > BPF_MAXINSNS) throw new ProgramTooLongError(length);
    const bytes = new Uint8Array(length * SOCK_FILTER_SIZE_BYTES);
    const view = new DataView(bytes.buffer);
    for (let index = 0; index < length; index++) {
      const at = (length - 1 - index) * SOCK_FILTER_SIZE_BYTES;
      const field = index * 4;
      view.setUint16(at, this.#fields[field] ?? 0, true);
      view.setUint8(at + 2, this.#fields[field + 1] ?? 0);
      view.setUint8(at + 3, this.#fields[field + 2] ?? 0);
      view.setUint32(at + 4, this.#fields[field + 3] ?? 0, true);
    }
    return bytes;
  }

  #write(code: number, jt: number, jf: number, k: number): Place {
    this.#fields.push(code, jt, jf, k);
    return this.length;
  }

  /** Instructions between the next one to be written and a place. */
  #skips(place: Place): number {
    if (place < 1 || place > this.length) throw new Error(`bpf: no instruction at place ${place}`);
    return this.length - place;
  }

  /** Makes a place the very next instruction, by a jump where it isn't. */
  #adjoin(place: Place): void {
    if (this.#skips(place) !== 0) this.#write(BPF.JUMP, 0, 0, this.#skips(place));
  }

  /** Targets out of reach get an unconditional jump of their own. The second one moves the first a step away. */
  #branch(code: number, k: number, yes: Place, no: Place): Place {
    const noNear = this.#skips(no) < BRANCH_REACH ? no : this.#write(BPF.JUMP, 0, 0, this.#skips(no));
    const yesNear = this.#skips(yes) <= BRANCH_REACH ? yes : this.#write(BPF.JUMP, 0, 0, this.#skips(yes));
    return this.#write(code, this.#skips(yesNear), this.#skips(noNear), k);
  }
}
