// Each asks the program that is typed what may come next, and offers names of files where that is nothing.

const bash = `# tailrace completion bash: for ~/.bashrc: source <(tailrace completion bash)
_tailrace() {
  local IFS=$'\\n'
  COMPREPLY=($("$1" completion bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _tailrace tailrace
`

const zsh = `#compdef tailrace
# tailrace completion zsh: for ~/.zshrc, after compinit: source <(tailrace completion zsh)
_tailrace() {
  local -a candidates
  candidates=(\${(f)"$("\${words[1]}" completion zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#candidates} )); then compadd -a candidates; else _files; fi
}
if [[ "\${funcstack[1]}" == _tailrace ]]; then _tailrace "$@"; else compdef _tailrace tailrace; fi
`

const fish = `# tailrace completion fish: save it as ~/.config/fish/completions/tailrace.fish
function __tailrace_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found ($words[1] completion fish -- $words[2..-1] "$current" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c tailrace -f -a '(__tailrace_candidates)'
`

export const completionScripts = { bash, zsh, fish } as const
