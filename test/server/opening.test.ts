import { createSocket } from "node:dgram";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/env/system.ts";
import { ListenError, listen } from "../../src/server/listeners.ts";
import { closeAll, dial, framed, LATER, listenerBench, open, until } from "./sockets.ts";

afterEach(closeAll);

describe("opening and closing", () => {
  it("an address that is taken is one sentence that names it, and nothing stays open", async () => {
    const { port } = await listenerBench();
    const attempt = listen(
      { respond: () => null },
      [
        { address: "127.0.0.2", port: 0 },
        { address: "127.0.0.1", port },
      ],
      { clock: systemClock },
    );
    const error = await attempt.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ListenError);
    expect((error as ListenError).code).toBe("EADDRINUSE");
    expect((error as ListenError).message).toContain(`127.0.0.1:${port}`);
    expect((error as ListenError).message).toContain("another program");
  });

  it("UDP alone taken is found as well, and TCP is let go", async () => {
    // Not one that the system chooses: another test may connect from that number by TCP.
    const udp = createSocket("udp4");
    let port = 20_000 + (process.pid % 10_000);
    udp.on("error", () => udp.bind(++port, "127.0.0.1"));
    await new Promise<void>((resolve) => udp.bind(port, "127.0.0.1", resolve));
    await expect(
      listen({ respond: () => null }, [{ address: "127.0.0.1", port }], { clock: systemClock }),
    ).rejects.toThrow(/UDP.*another program/);
    await new Promise<void>((resolve) => udp.close(() => resolve()));
    const listening = await listen({ respond: () => null }, [{ address: "127.0.0.1", port }], { clock: systemClock });
    await listening.close();
  });

  it("an address of another machine: an error, or left out if it was optional", async () => {
    const foreign = { address: "192.0.2.1", port: 0 };
    await expect(listen({ respond: () => null }, [foreign], { clock: systemClock })).rejects.toThrow(
      /no network interface/,
    );
    const listening = await listen(
      { respond: () => null },
      [
        { address: "127.0.0.1", port: 0 },
        { ...foreign, optional: true },
      ],
      {
        clock: systemClock,
      },
    );
    open.push(listening);
    expect(listening.addresses).toHaveLength(1);
    expect(listening.leftOut.map((error) => error.code)).toEqual(["EADDRNOTAVAIL"]);
  });

  it.each([
    ["EACCES", /127\.0\.0\.1:53 \(UDP\): not permitted.*CAP_NET_BIND_SERVICE.*--listen 127\.0\.0\.1:5300/],
    ["EAFNOSUPPORT", /no IPv6/],
    ["EWHATEVER", /what the system said/],
  ])("%s says what to do", (code, text) => {
    const cause = Object.assign(new Error("what the system said"), { code });
    expect(new ListenError({ address: "127.0.0.1", port: 53 }, "UDP", cause).message).toMatch(text);
  });

  it("refuses limits that are none", async () => {
    await expect(listenerBench({ pipelined: 0 })).rejects.toThrow(/pipelined is 0/);
    await expect(listenerBench({ idleMs: 1.5 })).rejects.toThrow(RangeError);
  });

  it("closing answers what was asked, takes nothing new, and frees the port", async () => {
    const { listening, port, clients, release } = await listenerBench();
    const wire = await dial(port);
    wire.socket.write(framed(1, LATER));
    await until(() => clients.length === 1);
    const closing = listening.close();
    wire.socket.write(framed(2));
    await systemClock.sleep(30);
    release(1);
    await closing;
    await wire.closed;
    expect(wire.answers).toEqual([1]);
    expect(listening.close()).toBe(listening.close());
    const again = await listen({ respond: () => null }, [{ address: "127.0.0.1", port }], { clock: systemClock });
    await again.close();
  });

  it("closing waits for a stuck question a moment only", async () => {
    const { listening, port, clients } = await listenerBench({ stopMs: 100 });
    const wire = await dial(port);
    wire.socket.write(framed(1, LATER));
    await until(() => clients.length === 1);
    const start = performance.now();
    await listening.close();
    expect(performance.now() - start).toBeLessThan(1000);
    await wire.closed;
  });
});
