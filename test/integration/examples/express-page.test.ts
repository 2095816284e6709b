import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { type Browser, chromium, type Locator, type Page } from 'playwright-core';

import { type RunningClinic, startClinic } from './start-clinic';

jest.setTimeout(90_000);

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
];
const SCREENSHOTS = join(__dirname, '..', '..', '..', 'examples', 'express', 'screenshots');

/** These tests need a Chromium, at CHROMIUM_PATH or where Debian's package puts it; they are skipped by name without. */
const isThere = existsSync(CHROMIUM);
const describeWithChromium = isThere ? describe : describe.skip;

/** What is typed into the form, and must reach the database as ciphertext only. */
const SECRETS = {
  SSN: '987-65-4329',
  Allergies: 'cashew nuts',
  Street: 'Quay Street 77',
  Postcode: 'H91 X2F6',
  City: 'Galway',
  Phone: '+353 91 555 0142',
  Note: 'Afraid of needles.',
};

describeWithChromium('the page, in a browser', () => {
  let clinic: RunningClinic;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    clinic = await startClinic();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(clinic.url);
  });

  afterAll(async () => {
    await browser.close();
    await clinic.stop();
  });

  it('adds a patient through the form', async () => {
    await page.getByRole('button', { name: 'Add a patient' }).click();
    const form = page.getByRole('dialog', { name: 'Add a patient' });
    await form.getByLabel('Name', { exact: true }).fill('Nora Byrne');
    await form.getByLabel('Birth date').fill('1966-12-01');
    await form.getByLabel('Contact’s name').fill('Sean Byrne');
    await form.getByLabel('Relation').fill('cousin');
    for (const [label, value] of Object.entries(SECRETS)) {
      await form.getByLabel(label, { exact: true }).fill(value);
    }
    await form.getByRole('button', { name: 'Save the patient' }).click();

    await card().waitFor();
    expect(await form.isVisible()).toBe(false);
  });

  it('finds her by her social security number', async () => {
    await search('SSN', SECRETS.SSN);
    await page.getByRole('heading', { name: '1 found' }).waitFor();
    expect(await page.getByRole('article').count()).toBe(1);
    expect(await card().isVisible()).toBe(true);
  });

  it('shows plaintext on the left and ciphertext on the right', async () => {
    const seen = await textOf(card().locator('.seen'));
    const stored = await textOf(card().locator('.stored'));
    for (const secret of [...Object.values(SECRETS), 'December 1, 1966']) {
      expect(seen).toContain(secret);
      expect(stored).not.toContain(secret);
    }
    const ssn = card().getByRole('row', { name: 'ssn' }).locator('.stored');
    expect(await ssn.innerText()).toMatch(
      /^Deterministic\s+key patients · \d+ bytes\s+\S{10}…\S{8}$/,
    );
    const notes = card().getByRole('row', { name: 'notes.0' }).locator('.stored');
    expect(await notes.innerText()).toMatch(/^Random\s+key medical · /);
  });

  it('shows what went over the wire, none of it in plaintext', async () => {
    const sent = await page.locator('#wire').textContent();
    for (const secret of [...Object.values(SECRETS), '1966-12-01']) {
      expect(sent).not.toContain(secret);
    }
    expect(sent).toMatch(/"ssn":\s*ciphertext · Deterministic · \d+ bytes/);
    expect(sent).toMatch(/"address":\s*ciphertext · Random · \d+ bytes/);
  });

  it('says why a filter on a Random field is refused', async () => {
    await search('Birth date (Random)', '1966-12-01');
    const notice = page.getByRole('status');
    await notice.waitFor();
    expect(await notice.innerText()).toContain('FLE_UNSUPPORTED_FILTER');
  });

  it('adds an allergy through the other form', async () => {
    await search('SSN', SECRETS.SSN);
    await card().getByRole('button', { name: 'Change Nora Byrne' }).click();
    const form = page.getByRole('dialog', { name: 'Change a patient' });
    await form.getByLabel('Add an allergy').fill('kiwi');
    await form.getByRole('button', { name: 'Save the change' }).click();
    await card().getByRole('row', { name: 'allergies.1' }).waitFor();
    expect(await textOf(card().locator('.seen'))).toContain('kiwi');
    expect(await textOf(card().locator('.stored'))).not.toContain('kiwi');
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 400],
    ['dark', 400],
  ] as const)('fits the window: %s, %i pixels wide', async (colorScheme, width) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: join(SCREENSHOTS, `${colorScheme}-${width}.png`) });
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
  });

  it('causes no error in the page', () => {
    expect(problems).toEqual([]);
  });

  function card(): Locator {
    return page.getByRole('article', { name: 'Nora Byrne' });
  }

  async function search(field: string, value: string): Promise<void> {
    await page.getByLabel('Search in').selectOption({ label: field });
    await page.getByLabel('Search for').fill(value);
    await page.getByRole('button', { name: 'Search', exact: true }).click();
  }
});

async function textOf(elements: Locator): Promise<string> {
  return (await elements.allInnerTexts()).join('\n');
}
