/**
 * The page as people see it, in Chromium. Skipped where /usr/bin/chromium is missing, unless ROOTWALK_BROWSER=needed;
 * with ROOTWALK_SCREENSHOTS=DIR it leaves pictures there.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LabPage, labPage } from "./lab-page.ts";

const executablePath = "/usr/bin/chromium";
const screenshots = process.env["ROOTWALK_SCREENSHOTS"];
const there = existsSync(executablePath) || process.env["ROOTWALK_BROWSER"] === "needed";
if (!there) console.log(`skipped: the page in a browser, for there is no ${executablePath} (apt-get install chromium)`);

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What functions that run in the page know there; the tests' own types are those of Node. */
declare const document: {
  querySelector(selector: string): { readonly textContent: string } | null;
  readonly documentElement: { readonly scrollWidth: number };
};
declare const innerWidth: number;
declare function getComputedStyle(of: unknown): { readonly stroke: string };

interface Look {
  readonly colorScheme: "light" | "dark";
  readonly viewport: { readonly width: number; readonly height: number };
}

const wide = { width: 1280, height: 900 };
const small = { width: 390, height: 844 };

describe.skipIf(!there)("the page in Chromium", { timeout: 60_000 }, () => {
  let browser: Browser;
  let served: LabPage;
  const complaints: string[] = [];

  beforeAll(async () => {
    served = await labPage();
    browser = await chromium.launch({ executablePath, args, headless: true });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  async function opened(look: Look, hash = ""): Promise<{ page: Page; context: BrowserContext }> {
    const context = await browser.newContext(look);
    const page = await context.newPage();
    // Whatever the policy forbids, and whatever throws, is said on the console.
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => request.url().startsWith(served.url) || complaints.push(`asked ${request.url()}`));
    await page.goto(served.url + hash);
    await page.waitForSelector("#tiles div");
    return { page, context };
  }

  async function ask(page: Page, name: string, type: string): Promise<void> {
    await page.fill("#name", name);
    await page.fill("#type", type);
    await page.click("#ask button");
    await page.waitForFunction(
      (title) => document.querySelector("#answer svg title")?.textContent.startsWith(title) ?? false,
      `Chain of trust of ${name}. ${type}: `,
    );
  }

  async function shoot(page: Page, name: string): Promise<void> {
    if (screenshots === undefined) return;
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  }

  it("draws a chain of trust, with the words beside it", async () => {
    const { page, context } = await opened({ colorScheme: "light", viewport: wide });
    await ask(page, "_25._tcp.mx.good.lab", "TLSA");
    expect(await page.textContent("#answer .status")).toBe("secure");
    expect(await page.textContent("#answer pre")).toMatch(/^_25\._tcp\.mx\.good\.lab\. [0-9]+ IN TLSA 3 1 1 /);
    expect(await page.locator("#answer svg .node.key").count()).toBeGreaterThanOrEqual(4);
    expect(new URL(page.url()).hash).toBe("#name=_25._tcp.mx.good.lab&type=TLSA");
    await shoot(page, "secure-light-wide");
    await context.close();
  });

  it("marks the broken link in red, and lists it among the failures", async () => {
    const { page, context } = await opened({ colorScheme: "dark", viewport: wide });
    await ask(page, "www.digest.broken", "A");
    const box = page.locator("#answer svg .node.broken .box");
    expect(await box.count()).toBe(1);
    expect(await box.evaluate((found) => getComputedStyle(found).stroke)).toBe("rgb(248, 81, 73)");
    expect(await page.textContent("#answer")).toContain("DIGEST_INVALID");
    expect(await page.locator("#answer pre").first().isVisible()).toBe(false); // the tree, folded; no records
    await page.waitForSelector('#failures button:text-is("www.digest.broken. A")');
    await shoot(page, "bogus-dark-wide");
    await context.close();
  });

  it("asks again what is pressed in the list of failures", async () => {
    const { page, context } = await opened({ colorScheme: "light", viewport: wide });
    await page.click("#failures button");
    await page.waitForSelector("#answer svg .node.broken");
    expect(await page.inputValue("#name")).toBe("www.digest.broken.");
    await context.close();
  });

  it("fits a telephone: nothing sticks out but the drawing, which scrolls", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const { page, context } = await opened({ colorScheme, viewport: small });
      await ask(page, "mail.moved.lab", "A");
      const sizes = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      expect(sizes[0]).toBeLessThanOrEqual(sizes[1]!);
      await shoot(page, `alias-${colorScheme}-small`);
      await context.close();
    }
  });

  it("fills the box from a link, and waits for somebody to press the button", async () => {
    const { page, context } = await opened({ colorScheme: "light", viewport: wide }, "#name=good.lab&type=MX");
    expect([await page.inputValue("#name"), await page.inputValue("#type")]).toEqual(["good.lab", "MX"]);
    expect(await page.locator("#answer svg").count()).toBe(0);
    await context.close();
  });

  it("takes a hostile name for a name", async () => {
    const { page, context } = await opened({ colorScheme: "light", viewport: wide });
    await page.fill("#name", "<img/src=x/onerror=alert(1)>.good.lab");
    await page.click("#ask button");
    await page.waitForSelector("#answer svg .node");
    expect(await page.locator("#answer img, #answer script").count()).toBe(0);
    expect(await page.textContent("#answer svg .name")).toContain("<img/src=x/onerror=alert\\(1\\)>.good.lab.");
    await context.close();
  });

  it("says what is wrong with a question", async () => {
    const { page, context } = await opened({ colorScheme: "light", viewport: wide });
    const before = complaints.length;
    await page.fill("#name", "a..b");
    await page.click("#ask button");
    await page.waitForSelector("#answer .trouble");
    expect(await page.textContent("#answer .trouble")).toMatch(/a\.\.b/);
    complaints.splice(before); // the browser complains of the 400
    await context.close();
  });

  it("makes the browser complain of nothing, and asks nobody else", () => {
    expect(complaints).toEqual([]);
  });
});
