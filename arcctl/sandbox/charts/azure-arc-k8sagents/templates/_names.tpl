{{- define "arc.newer" -}}
{{- if semverCompare ">=1.35.3-0" .Chart.Version }}true{{ end -}}
{{- end }}

{{- define "arc.domain" -}}
{{- $domains := dict "AZUREUSGOVERNMENTCLOUD" "us" "AZURECHINACLOUD" "cn" -}}
{{- get $domains (upper .Values.global.azureEnvironment) | default "com" -}}
{{- end }}

{{- define "arc.labels" -}}
app.kubernetes.io/name: azure-arc-k8s
app.kubernetes.io/managed-by: Helm
{{- end }}

{{/* "true" where the agent named .name belongs into the cluster; values arrive as text or as booleans. */}}
{{- define "arc.wanted" -}}
{{- $switch := true -}}
{{- with .agent.feature }}{{ $switch = (index $.root.Values.systemDefaultValues .).enabled }}{{ end -}}
{{- $known := or (not .agent.newer) (include "arc.newer" .root) -}}
{{- if and $known (eq (toString $switch) "true") }}true{{ end -}}
{{- end }}
