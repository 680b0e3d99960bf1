// The recorder of notebook 10: microphone or file in, one message with the sound's bytes out.
// Nothing is kept in the widget's state, so a saved notebook never holds a voice by itself.

const MOST_BYTES = 8_000_000; // a notebook's line to its kernel takes 10 MB a message

const WORKLET = `
registerProcessor("tap", class extends AudioWorkletProcessor {
  process([channels]) {
    if (channels.length) {
      const mono = new Float32Array(channels[0].length);
      for (const c of channels) for (let i = 0; i < mono.length; i++) mono[i] += c[i] / channels.length;
      this.port.postMessage(mono, [mono.buffer]);
    }
    return true;
  }
});`;

// Mono samples as a WAV file, 16 bits.
function wav(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, s) => [...s].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // whole numbers
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((x, i) =>
    view.setInt16(44 + 2 * i, Math.round(Math.max(-1, Math.min(1, x)) * 32767), true));
  return view.buffer;
}

function joined(pieces) {
  const all = new Float32Array(pieces.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of pieces) { all.set(p, at); at += p.length; }
  return all;
}

// What Python reads goes as it is; anything else is decoded by the browser, if it can.
async function readable(file, longest) {
  const bytes = await file.arrayBuffer();
  const head = String.fromCharCode(...new Uint8Array(bytes.slice(0, 4)));
  const known = ["RIFF", "RIFX", "RF64", "fLaC", "OggS"].includes(head);
  if (known && bytes.byteLength <= MOST_BYTES) return bytes;
  let decoded;
  try {
    decoded = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(bytes);
  } catch {
    throw new Error(`${file.name} is no sound that this browser can read. Save it as WAV, for instance with Audacity, and choose it again.`);
  }
  if (decoded.duration > longest) {
    throw new Error(`${file.name} is ${decoded.duration.toFixed(0)} s long; at most ${longest} s are taken. Cut out one sentence and choose it again.`);
  }
  const mono = new Float32Array(decoded.length);
  for (let c = 0; c < decoded.numberOfChannels; c++) {
    decoded.getChannelData(c).forEach((x, i) => { mono[i] += x / decoded.numberOfChannels; });
  }
  return wav(mono, decoded.sampleRate);
}

// Why the microphone could not be opened, and what to do.
function reason(error) {
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "The browser was not allowed to use the microphone. Click on the lock or microphone sign beside the page's address, allow it, and press Record again; or choose a file.";
    case "NotFoundError":
      return "The browser finds no microphone. Plug one in and press Record again, or choose a file.";
    case "NotReadableError":
      return "The microphone is in use by another program, or is broken. Close the other program and press Record again, or choose a file.";
    default:
      return `The microphone could not be opened (${error.message || error.name}). You can still choose a file.`;
  }
}

function render({ model, el }) {
  el.innerHTML = `
    <div style="display:flex;gap:.7em;align-items:center;flex-wrap:wrap">
      <button type="button" data-is="record" class="jupyter-button mod-primary">● Record</button>
      <label class="jupyter-button" style="width:auto;padding:0 .8em">Choose a file…
        <input data-is="file" type="file" accept="audio/*,.wav,.flac,.ogg,.m4a,.mp3" style="display:none"></label>
      <meter data-is="meter" min="-60" max="0" low="-40" high="-3" optimum="-20" value="-60"
        aria-label="level of the microphone" style="width:10em"></meter>
      <span data-is="clock" style="font-variant-numeric:tabular-nums">0.0 s</span>
    </div>
    <div data-is="says" role="status" style="margin:.4em 0"></div>
    <audio data-is="player" controls style="display:none" aria-label="your recording"></audio>`;
  const [record, file, meter, clock, says, player] =
    ["record", "file", "meter", "clock", "says", "player"].map((n) => el.querySelector(`[data-is=${n}]`));
  record.style.width = "auto";
  const longest = model.get("longest");
  let recording = null;
  let url = null;

  function send(bytes, name) {
    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(new Blob([bytes]));
    player.src = url;
    player.style.display = "";
    says.textContent = "Sent to the notebook.";
    model.send({ kind: "sound", name }, undefined, [bytes]);
  }

  async function start() {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error("The browser gives the microphone only to pages that come by https, or from this computer (localhost). Choose a file instead.");
    }
    let stream;
    try {
      // Telephony's helpers change level and sound of a voice: off, as far as the browser obeys.
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      });
    } catch (error) {
      throw new Error(reason(error));
    }
    const context = new AudioContext();
    const pieces = [];
    const now = { stream, context, pieces, n: 0 };
    const take = (samples) => {
      if (recording !== now) return;
      pieces.push(samples);
      now.n += samples.length;
      const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
      const db = 10 * Math.log10(power + 1e-9);
      now.db = Math.max(db, (now.db ?? -60) - 0.3); // falls slowly, as on a tape recorder
      meter.value = now.db;
      clock.textContent = `${(now.n / context.sampleRate).toFixed(1)} s`;
      if (now.n >= longest * context.sampleRate) stop();
    };
    const module = URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" }));
    try {
      await context.audioWorklet.addModule(module);
      const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
      tap.port.onmessage = ({ data }) => take(data);
      context.createMediaStreamSource(stream).connect(tap);
      await context.resume();
    } catch (error) {
      release(now);
      throw new Error(reason(error));
    } finally {
      URL.revokeObjectURL(module);
    }
    return now;
  }

  function release(now) {
    now.stream.getTracks().forEach((track) => track.stop()); // the browser's red dot goes out
    now.context.close();
  }

  function stop() {
    const now = recording;
    recording = null;
    release(now);
    record.textContent = "● Record";
    meter.value = -60;
    if (!now.n) {
      says.textContent = "Not one sample arrived. Wait a moment after Record before you speak, and try again.";
      return;
    }
    send(wav(joined(now.pieces), now.context.sampleRate), "recording.wav");
  }

  let opening = false;
  record.onclick = async () => {
    if (opening) return;
    if (recording) return stop();
    opening = true;
    says.textContent = "Waiting for the microphone …";
    try {
      recording = await start();
      record.textContent = "■ Stop";
      says.textContent = `Speak now. It stops by itself after ${longest} s.`;
    } catch (error) {
      says.textContent = error.message;
    } finally {
      opening = false;
    }
  };

  file.onchange = async () => {
    const chosen = file.files[0];
    file.value = ""; // so that the same file can be chosen again
    if (!chosen) return;
    says.textContent = `Reading ${chosen.name} …`;
    try {
      send(await readable(chosen, longest), chosen.name);
    } catch (error) {
      says.textContent = error.message;
    }
  };

  return () => {
    if (recording) release(recording);
    recording = null;
    if (url) URL.revokeObjectURL(url);
  };
}

export default { render };
