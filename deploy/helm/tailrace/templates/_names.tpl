{{/* Names and labels of all templates. */}}

{{- define "tailrace.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "tailrace.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "tailrace.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "tailrace.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tailrace.selector" -}}
app.kubernetes.io/name: {{ include "tailrace.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tailrace.labels" -}}
{{ include "tailrace.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* Domain of the services of this namespace. */}}
{{- define "tailrace.domain" -}}
{{ .Release.Namespace }}.svc.{{ .Values.clusterDomain }}
{{- end -}}

{{/* HOST:PORT of broker N: (dict "root" $ "id" N "port" PORT) */}}
{{- define "tailrace.brokerAddress" -}}
{{ include "tailrace.fullname" .root }}-{{ .id }}.{{ include "tailrace.fullname" .root }}-brokers.{{ include "tailrace.domain" .root }}:{{ .port }}
{{- end -}}

{{/* Names of a service, as pods of this and of other namespaces say them. (dict "root" $ "service" NAME) */}}
{{- define "tailrace.serviceNames" -}}
{{- $namespace := .root.Release.Namespace -}}
{{ .service }},{{ .service }}.{{ $namespace }},{{ .service }}.{{ $namespace }}.svc,{{ .service }}.{{ include "tailrace.domain" .root }}
{{- end -}}

{{- define "tailrace.tlsSecret" -}}
{{ default (printf "%s-tls" (include "tailrace.fullname" .)) .Values.tls.secretName }}
{{- end -}}

{{- define "tailrace.issuer" -}}
{{ default (printf "%s-ca" (include "tailrace.fullname" .)) .Values.tls.certManager.issuerRef.name }}
{{- end -}}
