/** The page: creates its parts, connects them with each other and with the server, and lays them out. */
import { CameraButton } from './driver/camera-button.ts';
import { Driver } from './driver/driver.ts';
import { keepPicture } from './driver/own-portrait.ts';
import { createSession, getPortraitPixels, getSchema, renewTicket } from './net/api.ts';
import { Connection, type SheetMessage } from './net/connection.ts';
import type { ErrorHead, ReadyHead } from './net/protocol.ts';
import { fieldsOf, maxPortraitBytes, type Settings } from './net/schema.ts';
import { getVideo } from './net/video-api.ts';
import { PortraitPicker } from './portrait/portrait-picker.ts';
import { Drawing, forcedWay } from './render/drawing.ts';
import { checkGraphics } from './render/graphics-check.ts';
import { networksOpener } from './render/open-networks.ts';
import { WayRequest } from './render/way-request.ts';
import { RoundStore } from './stage/round-store.ts';
import { SheetQueue } from './stage/sheet-queue.ts';
import { NOW_HEADING, PAST_HEADING, Stage } from './stage/stage.ts';
import { StageRenderer } from './stage/stage-renderer.ts';
import { StageTools } from './stage/stage-tools.ts';
import { Controls } from './ui/controls.ts';
import { h } from './ui/dom.ts';
import { howItWorks, PRIVACY, TAGLINE } from './ui/explain.ts';
import { Hud } from './ui/hud.ts';
import { logo } from './ui/logo.ts';
import { adviceText } from './ui/refinement-advice.ts';
import { listenForShortcuts, type Shortcut, ShortcutSwitch } from './ui/shortcuts.ts';
import { StatusView } from './ui/status-view.ts';
import { FrozenMomentView } from './video/frozen-moment.ts';
import { VideoForm } from './video/video-form.ts';

const MAX_FAILURES = 50;

export class App {
  readonly store = new RoundStore();
  readonly stage = new Stage(this.store);
  readonly hud = new Hud(() => ({ camera: this.driver.cameraPace, roundTripMs: this.connection.roundTripMs }));
  readonly portrait = new PortraitPicker((file) => keepPicture(file));
  readonly status = new StatusView(() => void this.connection.open());
  readonly frozenMoment: FrozenMomentView;
  readonly videoForm: VideoForm;
  readonly driver: Driver;
  readonly connection: Connection;
  readonly sheets: SheetQueue;
  readonly drawing: Drawing;
  controls: Controls | null = null;
  /** Codes of the latest errors that the server reported. */
  readonly failures: string[] = [];
  readonly #tools: StageTools;
  readonly #way = new WayRequest((way) => this.connection.send({ kind: 'drawing', way }));
  readonly #cameraButton = new CameraButton(() => void this.driver.toggleCamera());
  readonly #side = h('aside', { class: 'side', 'aria-label': 'Settings' });
  /** A new session shows the default portrait until it has the user's own. Sheets until then are not shown. */
  #restoringPortrait = false;
  #connectedBefore = false;
  #loading: Promise<unknown> | null = null;
  #videoLoaded = false;

  constructor(root: HTMLElement) {
    const announce = (text: string) => this.status.announce(text);
    const kept = () => this.portrait.kept;
    this.connection = new Connection(
      { createSession, renewTicket },
      {
        status: (status) => {
          this.status.show(status);
          root.dataset.connection = status.kind;
        },
        ready: (head, fresh) => this.#onReady(head, fresh),
        sheet: (sheet) => this.#onSheet(sheet),
        failure: (head) => this.#onFailure(head),
      },
    );
    this.frozenMoment = new FrozenMomentView(() => Number(this.controls?.settings.k ?? 4), kept, announce);
    this.videoForm = new VideoForm(() => this.portrait.picture, kept, announce);
    this.drawing = new Drawing(
      {
        ask: (way) => this.#way.ask(way),
        loadPortrait: (session) => kept()?.pixels() ?? getPortraitPixels(session),
        keepsPicture: () => kept() !== null,
        stopped: (stopped) => void this.portrait.showStopped(stopped),
        able: (able, reason) => {
          this.portrait.keepSwitch.ability = able ? { able } : { able, reason };
        },
        report: (text) => this.hud.showNetworks(text),
        lost: () => this.store.dropUnusable(),
      },
      checkGraphics,
      forcedWay(location.search),
      networksOpener,
    );
    this.sheets = new SheetQueue(
      this.store,
      this.stage,
      this.hud,
      this.connection,
      (message) => this.drawing.decode(message),
      (head, sheet) => this.frozenMoment.addSheet(head, sheet),
    );
    this.driver = new Driver({
      frame: ({ t, landmarks }) => this.connection.send({ kind: 'landmarks', t, landmarks }),
      source: (name) => {
        this.#restartTally();
        this.connection.send({ kind: 'source', name });
      },
      reference: () => this.connection.send({ kind: 'reference' }),
      cameraState: (state) => this.#cameraButton.show(state),
      noFace: (missing) => this.stage.showNoFace(missing),
      announce,
    });
    const rows = [
      { row: this.stage.now, heading: NOW_HEADING },
      { row: this.stage.past, heading: PAST_HEADING },
    ];
    this.#tools = new StageTools(new StageRenderer(rows, this.stage.overlay), announce);
    this.#build(root);
  }

  /** Connect, load the settings and video model, and start the recording, all at once: none waits for another. */
  async start(): Promise<void> {
    await Promise.all([this.connection.open(), this.#load()]);
  }

  /** Keep the finished round on the stage, or show new ones again. */
  toggleHold(): void {
    this.store.held = !this.store.held;
    this.stage.setHeld(this.store.held);
    this.status.announce(this.store.held ? 'Held: this comparison repeats.' : 'Showing new comparisons again.');
  }

  /** Load what is still missing; called again at every connection, with one request at a time for each part. */
  #load(): Promise<unknown> {
    this.#loading ??= Promise.allSettled([
      this.controls ? null : this.#loadControls(),
      this.driver.source ? null : this.driver.start(),
      this.#videoLoaded ? null : this.#loadVideo(),
    ]).finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #loadControls(): Promise<void> {
    const schema = await getSchema();
    this.portrait.maxBytes = maxPortraitBytes(schema);
    this.controls = new Controls(fieldsOf(schema), (settings) => this.#sendSettings(settings));
    this.#side.append(this.controls.element);
    this.#sendSettings(this.controls.settings);
  }

  async #loadVideo(): Promise<void> {
    const info = await getVideo();
    this.#videoLoaded = true;
    this.frozenMoment.setVideoInfo(info);
    this.videoForm.setVideoInfo(info);
  }

  #restartTally(): void {
    this.store.resetTally();
    this.stage.showTally();
  }

  #sendSettings(settings: Settings): void {
    this.#restartTally();
    this.connection.send({ kind: 'controls', settings });
  }

  #onReady(head: ReadyHead, fresh: boolean): void {
    const newPortrait = this.portrait.takeChange() || fresh;
    if (fresh) this.#restoringPortrait = this.portrait.hasChoice;
    this.sheets.discard();
    this.store.reset(newPortrait);
    this.stage.clear(newPortrait);
    this.frozenMoment.interrupt();
    if (!this.#connectedBefore || fresh) {
      void this.portrait.attach(head.session, fresh).finally(() => {
        this.#restoringPortrait = false;
      });
      this.hud.clear();
      this.driver.resendSource();
    }
    if (fresh) this.#way.restart();
    void this.drawing.begin(head.session, newPortrait);
    this.#connectedBefore = true;
    void this.#load();
    if (this.controls && !equal(head.settings, this.controls.settings)) this.#sendSettings(this.controls.settings);
  }

  #onSheet(sheet: SheetMessage): void {
    if (this.#restoringPortrait) {
      this.connection.acknowledge(sheet);
      return;
    }
    this.sheets.push(sheet);
    this.controls?.showAdvice(adviceText(sheet.head, this.controls.settings));
  }

  #onFailure(head: ErrorHead): void {
    this.failures.push(head.code);
    if (this.failures.length > MAX_FAILURES) this.failures.shift();
    this.status.announce(`${head.message} ${head.hint}`.trim());
  }

  #build(root: HTMLElement): void {
    const keysOn = new ShortcutSwitch();
    const explain = { key: '?', label: '?', action: 'open this explanation', run: () => openDetails(help) };
    const shortcuts = [...this.#shortcuts(), explain];
    const help = howItWorks(shortcuts, keysOn.element);
    this.stage.holdButton.addEventListener('click', () => this.toggleHold());
    this.stage.tools.append(this.frozenMoment.stageButton, this.#tools.snapshotButton, this.#tools.recordButton);
    this.#side.append(this.driver.panel.element, this.portrait.element);
    const header = h(
      'header',
      { class: 'top' },
      h('div', { class: 'brand' }, logo(), h('h1', {}, 'MotionFan')),
      h('p', { class: 'tagline' }, TAGLINE),
      this.status.pill,
      this.#cameraButton.element,
    );
    const live = h(
      'div',
      { class: 'live' },
      this.status.banner,
      this.driver.panel.notice,
      this.portrait.question.element,
      this.stage.element,
      this.hud.element,
    );
    const more = h('div', { class: 'more' }, this.frozenMoment.element, this.videoForm.element, help);
    const main = h('main', { class: 'columns' }, live, this.#side, more);
    root.replaceChildren(header, main, h('footer', {}, PRIVACY), this.status.liveRegion);
    listenForShortcuts(shortcuts, () => keysOn.on);
  }

  #shortcuts(): Shortcut[] {
    return [
      { key: 'c', label: 'C', action: 'camera on or off', run: () => void this.driver.toggleCamera() },
      { key: 'n', label: 'N', action: 'set the neutral face', run: () => this.driver.setNeutral() },
      { key: ' ', label: 'Space', action: 'pause or play the recording', run: () => this.driver.togglePause() },
      { key: 'f', label: 'F', action: 'freeze this moment', run: () => this.frozenMoment.freeze() },
      { key: 'h', label: 'H', action: 'hold the comparison', run: () => this.toggleHold() },
      { key: 's', label: 'S', action: 'save a snapshot', run: () => void this.#tools.saveSnapshot() },
      { key: 'r', label: 'R', action: 'record a video', run: () => this.#tools.toggleRecording() },
      { key: '+', label: '+', action: 'one future more', run: () => this.controls?.nudge('k', 1) },
      { key: '-', label: '−', action: 'one future less', run: () => this.controls?.nudge('k', -1) },
    ];
  }
}

function openDetails(details: HTMLDetailsElement): void {
  details.open = true;
  details.scrollIntoView({ block: 'start' });
  details.querySelector('summary')?.focus();
}

function equal(a: Settings, b: Settings): boolean {
  return Object.keys(b).every((name) => a[name] === b[name]);
}
