// Runs before textual.js's own window.onload, which opens the terminal and the connection.
"use strict";
(() => {
  const terminal = document.getElementById("terminal");
  // textual.js would fetch what the address asks for, or wait for a button that is not there.
  if (location.search) history.replaceState(null, "", location.pathname);
  const socket = new URL("ws", location.href);
  socket.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket.hash = "";
  terminal.dataset.sessionWebsocketUrl = socket.href;
  // What is pasted counts as keys, of which the program takes only so many: what is more is left out, and said.
  const most = Number(terminal.dataset.keysAtOnce), rate = Number(terminal.dataset.keysASecond);
  let left = most, since = performance.now(), hiding;
  const pasted = (event) => {
    const now = performance.now(), text = event.clipboardData?.getData("text/plain") ?? "";
    const size = new TextEncoder().encode(text).length;
    left = Math.min(most, left + (rate * (now - since)) / 1000);
    since = now;
    if (size <= left) {
      left -= size;
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    document.body.classList.add("-too-much");
    clearTimeout(hiding);
    hiding = setTimeout(() => document.body.classList.remove("-too-much"), 6000);
  };
  terminal.addEventListener("paste", pasted, true);
  const open = window.onload;
  window.onload = async (event) => {
    if (!document.createElement("canvas").getContext("webgl2")) {
      document.body.classList.add("-lacking");
      return;
    }
    // A cell is measured once, when the terminal opens: by then the font has to be there, or all columns are too wide.
    const faces = ["", "bold ", "italic "].map((face) => document.fonts.load(`${face}16px "Roboto Mono"`));
    await Promise.allSettled(faces);
    open(event);
    const focus = () => terminal.querySelector("textarea").focus();
    focus();
    window.addEventListener("focus", focus);
  };
})();
