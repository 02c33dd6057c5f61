export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/**
 * What a shell runs once to know how to complete. All it knows by itself is to ask the program: `ktrdr __complete` prints a
 * line for each word that fits, its meaning behind a tab, and `:files` where a file fits.
 */
export function completionScript(shell: Shell): string {
  return scripts[shell];
}

/** Bash takes words apart at = and @ and replaces the last part alone. */
const bash = `# ktrdr completion for bash. To have it in every shell, add to ~/.bashrc:
#   eval "$(ktrdr completion bash)"
_ktrdr() {
  local line="\${COMP_LINE:0:COMP_POINT}" words word about last prefix file
  read -ra words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  last="\${words[\${#words[@]}-1]}"
  prefix="\${last%"\${last##*[@=:]}"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r word about; do
    if [[ "$word" == ":files" ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "\${last#"$prefix"}")
    else
      COMPREPLY+=("\${word#"$prefix"}")
    fi
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null </dev/null)
}
complete -F _ktrdr ktrdr
`;

const zsh = `#compdef ktrdr
# ktrdr completion for zsh. To have it in every shell, add to ~/.zshrc, after compinit:
#   source <(ktrdr completion zsh)
_ktrdr() {
  local -a candidates
  local line word files
  while IFS= read -r line; do
    word="\${line%%$'\\t'*}"
    if [[ "$word" == ":files" ]]; then
      files=yes
    elif [[ "$word" == "$line" ]]; then
      candidates+=("\${word//:/\\\\:}")
    else
      candidates+=("\${word//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null </dev/null)
  (( \${#candidates} )) && _describe 'ktrdr' candidates
  [[ -n "$files" ]] && _files
}
if [[ "\${funcstack[1]}" == "_ktrdr" ]]; then _ktrdr; else compdef _ktrdr ktrdr; fi
`;

const fish = `# ktrdr completion for fish. To have it in every shell:
#   ktrdr completion fish > ~/.config/fish/completions/ktrdr.fish
function __ktrdr_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  $before[1] __complete -- $before[2..-1] "$current" 2>/dev/null </dev/null | while read -l line
    if test "$line" = ":files"
      __fish_complete_path "$current"
    else
      echo $line
    end
  end
end
complete -c ktrdr -f -a '(__ktrdr_complete)'
`;

const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
