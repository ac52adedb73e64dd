{{- /* What a healthy cluster says, in the grammar of connectedk8s.md B.8: the first line about the
       network is the optional endpoint, the last one those that onboarding needs. */}}
{{- define "checks.domain" -}}
{{- $domains := dict "AZUREUSGOVERNMENTCLOUD" "us" "AZURECHINACLOUD" "cn" -}}
{{- get $domains (upper .Values.global.azureCloud) | default "com" -}}
{{- end }}

{{- define "checks.log" -}}
{{- $domain := include "checks.domain" . -}}
{{- $place := .Values.global.location | default "eastus" -}}
{{- $code := ternary "000" "200" (has ($place | lower | nospace) .Values.unreachable) -}}
DNS Result:
Server:    10.96.0.10
Address:   10.96.0.10:53
Name:      kubernetes.default.svc.cluster.local
Address:   10.96.0.1
Outbound Network Connectivity Check Result for Cluster Connect : https://{{ $place }}.obo.arc.azure.{{ $domain }}:8084/ : {{ $code }}
Outbound Network Connectivity Check Result for Onboarding : https://{{ $place }}.dp.kubernetesconfiguration.azure.{{ $domain }}/azure-arc-k8sagents/healthCheck https://{{ .Values.global.mcrRepository }} : {{ $code }}
Entra Authentication Endpoint Connectivity Check Result : https://login.microsoftonline.{{ $domain }} : 200
{{- end }}
