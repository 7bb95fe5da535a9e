;;; Run by test_emacs.py inside Emacs: what a person would see, written as JSON to $HEATLINE_SEEN.  -*- lexical-binding: t -*-
(require 'package)
(package-initialize)
(require 'eglot)
(require 'flymake)
(require 'json)

(defvar seen nil)

(defun finish ()
  (with-temp-file (getenv "HEATLINE_SEEN")
    (set-buffer-file-coding-system 'utf-8)
    (insert (json-encode seen)))
  (kill-emacs 0))

(defun wait (what condition)
  (let ((left 1200))
    (while (and (> left 0) (not (funcall condition)))
      (accept-process-output nil 0.05)
      (setq left (1- left)))
    (when (zerop left)
      (push (cons 'failed what) seen)
      (push (cons 'shown (diagnostics)) seen)
      (finish))))

(defun diagnostics ()
  (vconcat
   (mapcar (lambda (d)
             (list (cons 'line (line-number-at-pos (flymake-diagnostic-beg d)))
                   (cons 'text (buffer-substring-no-properties (flymake-diagnostic-beg d) (flymake-diagnostic-end d)))
                   (cons 'type (format "%s" (flymake-diagnostic-type d)))
                   (cons 'message (flymake-diagnostic-text d))))
           (sort (flymake-diagnostics)
                 (lambda (a b) (< (flymake-diagnostic-beg a) (flymake-diagnostic-beg b)))))))

(defun lines-shown () (= (length (flymake-diagnostics)) (string-to-number (getenv "HEATLINE_LINES"))))

;; Nobody is there to be asked, and the buffer must be current while the server answers.
(setq eglot-sync-connect 300 eglot-autoshutdown t eglot-connect-timeout 300)
(load (getenv "HEATLINE_SNIPPET") nil t)
(setcdr (assoc '(python-mode python-ts-mode) eglot-server-programs)
        '("heatline" "serve" :initializationOptions (:scope "file" :threshold 0)))

(find-file (getenv "HEATLINE_SAMPLE"))
(unless (eglot-current-server) (apply #'eglot--connect (eglot--guess-contact)))
(flymake-mode 1)
(flymake-start)
(wait "diagnostics" #'lines-shown)
(push (cons 'encoding (format "%s" (plist-get (eglot--capabilities (eglot-current-server)) :positionEncoding))) seen)
(push (cons 'diagnostics (diagnostics)) seen)

(goto-char (point-min))
(let ((hover (jsonrpc-request (eglot-current-server) :textDocument/hover
                              (eglot--TextDocumentPositionParams))))
  (push (cons 'hover (substring-no-properties (eglot--hover-info (plist-get hover :contents) nil))) seen))

(heatline-toggle)
(wait "other numbers after the toggle"
      (lambda () (and (lines-shown)
                      (string-search "unscaled" (alist-get 'message (aref (diagnostics) 0))))))
(push (cons 'toggled (diagnostics)) seen)
(set-buffer-modified-p nil)
(eglot-shutdown (eglot-current-server))
(finish)
