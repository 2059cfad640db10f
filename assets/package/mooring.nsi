; A simple installer of Mooring for Windows, for the whole computer.
;
; scripts/nsis.sh makes it. BIN is the directory of mooring-cli.exe and, unless
; NO_WINDOW is defined, of mooring.exe; SHARE that of what is made beside them. Run
; with /S it asks nothing; so does the uninstaller.
Unicode true
Target amd64-unicode
ManifestSupportedOS all
ManifestDPIAware true
RequestExecutionLevel admin

LoadLanguageFile "${NSISDIR}/Contrib/Language files/English.nlf"
LoadLanguageFile "${NSISDIR}/Contrib/Language files/Korean.nlf"
LoadLanguageFile "${NSISDIR}/Contrib/Language files/Russian.nlf"
LangString PathTooLong ${LANG_ENGLISH} "The search path of this computer is too long to be edited here. Add $INSTDIR to Path, so that Docker finds docker-credential-mooring."
LangString PathTooLong ${LANG_KOREAN} "이 컴퓨터의 Path가 너무 길어 여기서 편집할 수 없습니다. Docker가 docker-credential-mooring을 찾을 수 있도록 Path에 $INSTDIR을(를) 추가하세요."
LangString PathTooLong ${LANG_RUSSIAN} "Переменная Path этого компьютера слишком длинна, чтобы изменить её здесь. Добавьте в неё $INSTDIR, чтобы Docker находил docker-credential-mooring."
LangString CertificateFile ${LANG_ENGLISH} "Certificates (Mooring)"
LangString CertificateFile ${LANG_KOREAN} "인증서(Mooring)"
LangString CertificateFile ${LANG_RUSSIAN} "Сертификаты (Mooring)"

Name "Mooring"
OutFile "${OUT}"
Icon "${SHARE}/mooring.ico"
UninstallIcon "${SHARE}/mooring.ico"
; Where the program looks for its helper: only administrators write there.
InstallDir "$PROGRAMFILES64\Mooring"
BrandingText "Mooring ${VERSION}"
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

!define ENVIRONMENT "SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Mooring"
!define CLASSES "Software\Classes"
!define EVENTS "SYSTEM\CurrentControlSet\Services\EventLog\Application\Mooring"
!define BROADCAST 0xFFFF
!define SETTING_CHANGE 0x001A

Function .onInit
	SetRegView 64
	SetShellVarContext all
FunctionEnd

Function un.onInit
	SetRegView 64
	SetShellVarContext all
FunctionEnd

; Offer ENDING makes Mooring one of the programs that open files of that ending; which
; one is the first stays the person's choice.
!macro Offer ENDING
	WriteRegStr HKLM "${CLASSES}\${ENDING}\OpenWithProgids" "Mooring.Certificate" ""
!macroend
!macro Withdraw ENDING
	DeleteRegValue HKLM "${CLASSES}\${ENDING}\OpenWithProgids" "Mooring.Certificate"
	DeleteRegKey /ifempty HKLM "${CLASSES}\${ENDING}\OpenWithProgids"
	DeleteRegKey /ifempty HKLM "${CLASSES}\${ENDING}"
!macroend

Section
	SetOutPath "$INSTDIR"
	File "${BIN}/mooring-cli.exe"
	; One program under four names: the helper goes by its own, and has a description for
	; each (scripts/winres.sh).
	File "/oname=docker-credential-mooring.exe" "${BIN}/mooring-cli.exe"
	File "${BIN}/mooring-helper-registry.exe"
	File "${BIN}/mooring-helper-computer.exe"
	; What the helper did is in the event log; this is whose words are shown there.
	WriteRegExpandStr HKLM "${EVENTS}" "EventMessageFile" "%SystemRoot%\System32\EventCreate.exe"
	WriteRegDWORD HKLM "${EVENTS}" "TypesSupported" 7
	File "${SHARE}/mooring.ico"
	File "/oname=LICENSE.txt" "${LICENSE}"
	File "/oname=LICENSES.others.txt" "${SHARE}/LICENSES.others"
!ifndef NO_WINDOW
	File "${BIN}/mooring.exe"
	CreateShortcut "$SMPROGRAMS\Mooring.lnk" "$INSTDIR\mooring.exe" "" "$INSTDIR\mooring.ico"

	; Behind "--" nothing in a link can pass for an option.
	WriteRegStr HKLM "${CLASSES}\mooring" "" "URL:Mooring"
	WriteRegStr HKLM "${CLASSES}\mooring" "URL Protocol" ""
	WriteRegStr HKLM "${CLASSES}\mooring\DefaultIcon" "" "$INSTDIR\mooring.ico"
	WriteRegStr HKLM "${CLASSES}\mooring\shell\open\command" "" '"$INSTDIR\mooring.exe" open -- "%1"'
	WriteRegStr HKLM "${CLASSES}\Mooring.Certificate" "" "$(CertificateFile)"
	WriteRegStr HKLM "${CLASSES}\Mooring.Certificate\DefaultIcon" "" "$INSTDIR\mooring.ico"
	WriteRegStr HKLM "${CLASSES}\Mooring.Certificate\shell\open\command" "" '"$INSTDIR\mooring.exe" open -- "%1"'
	!insertmacro Offer .crt
	!insertmacro Offer .cer
	!insertmacro Offer .der
	!insertmacro Offer .pem
	!insertmacro Offer .p7b
!endif

	Call AddToPath
	WriteUninstaller "$INSTDIR\uninstall.exe"
	WriteRegStr HKLM "${UNINSTALL}" "DisplayName" "Mooring"
	WriteRegStr HKLM "${UNINSTALL}" "DisplayVersion" "${VERSION}"
	WriteRegStr HKLM "${UNINSTALL}" "DisplayIcon" "$INSTDIR\mooring.ico"
	WriteRegStr HKLM "${UNINSTALL}" "Publisher" "The Mooring authors"
	WriteRegStr HKLM "${UNINSTALL}" "URLInfoAbout" "https://mooring.dev"
	WriteRegStr HKLM "${UNINSTALL}" "InstallLocation" "$INSTDIR"
	WriteRegStr HKLM "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
	WriteRegStr HKLM "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
	WriteRegDWORD HKLM "${UNINSTALL}" "NoModify" 1
	WriteRegDWORD HKLM "${UNINSTALL}" "NoRepair" 1
SectionEnd

Section "Uninstall"
	; The files of docker and podman must name Mooring's helper no more.
	nsExec::Exec '"$INSTDIR\mooring-cli.exe" doctor --unregister --yes'
	Pop $0 ; how it ended: removing goes on
	Call un.RemoveFromPath
	DeleteRegKey HKLM "${CLASSES}\mooring"
	DeleteRegKey HKLM "${CLASSES}\Mooring.Certificate"
	!insertmacro Withdraw .crt
	!insertmacro Withdraw .cer
	!insertmacro Withdraw .der
	!insertmacro Withdraw .pem
	!insertmacro Withdraw .p7b
	DeleteRegKey HKLM "${UNINSTALL}"
	DeleteRegKey HKLM "${EVENTS}"
	Delete "$SMPROGRAMS\Mooring.lnk"
	Delete "$INSTDIR\mooring.exe"
	Delete "$INSTDIR\mooring-cli.exe"
	Delete "$INSTDIR\docker-credential-mooring.exe"
	Delete "$INSTDIR\mooring-helper-registry.exe"
	Delete "$INSTDIR\mooring-helper-computer.exe"
	Delete "$INSTDIR\mooring.ico"
	Delete "$INSTDIR\LICENSE.txt"
	Delete "$INSTDIR\LICENSES.others.txt"
	Delete "$INSTDIR\uninstall.exe"
	RMDir "$INSTDIR"
SectionEnd

; Docker finds its credential helpers by Path. A Path that is longer than this
; installer's strings is left alone: read in part and written back it would be ruined.
Function AddToPath
	ClearErrors
	ReadRegStr $0 HKLM "${ENVIRONMENT}" "Path"
	IfErrors tooLong
	StrCpy $1 ";$0;"
	Push $1
	Push ";$INSTDIR;"
	Call Find
	Pop $2
	StrCmp $2 "" 0 done
	StrLen $1 "$0;$INSTDIR"
	IntOp $2 ${NSIS_MAX_STRLEN} - 2
	IntCmp $1 $2 tooLong 0 tooLong
	WriteRegExpandStr HKLM "${ENVIRONMENT}" "Path" "$0;$INSTDIR"
	SendMessage ${BROADCAST} ${SETTING_CHANGE} 0 "STR:Environment" /TIMEOUT=2000
	Goto done
tooLong:
	DetailPrint "$(PathTooLong)"
	MessageBox MB_OK|MB_ICONINFORMATION "$(PathTooLong)" /SD IDOK
done:
FunctionEnd

Function un.RemoveFromPath
	ClearErrors
	ReadRegStr $0 HKLM "${ENVIRONMENT}" "Path"
	IfErrors done
	Push ";$0;"
	Push ";$INSTDIR;"
	Call un.Find
	Pop $1 ; where it begins in ";Path;"
	StrCmp $1 "" done
	StrLen $2 ";$INSTDIR"
	StrCpy $3 ";$0;" $1        ; before it
	IntOp $1 $1 + $2
	StrCpy $4 ";$0;" "" $1     ; after it, with the separator
	StrCpy $0 "$3$4" -1 1      ; without those that were put around
	WriteRegExpandStr HKLM "${ENVIRONMENT}" "Path" "$0"
	SendMessage ${BROADCAST} ${SETTING_CHANGE} 0 "STR:Environment" /TIMEOUT=2000
done:
FunctionEnd

; Find takes a text and what is looked for from the stack, and leaves the position,
; "" if it is not there. Case counts nothing, as in names of directories.
!macro Find PREFIX
Function ${PREFIX}Find
	Exch $R1 ; what
	Exch
	Exch $R0 ; text
	Push $R2
	Push $R3
	Push $R4
	StrLen $R2 $R1
	StrCpy $R3 0
loop:
	StrCpy $R4 $R0 $R2 $R3
	StrCmp $R4 $R1 found
	StrCmp $R4 "" missing
	IntOp $R3 $R3 + 1
	Goto loop
missing:
	StrCpy $R3 ""
found:
	StrCpy $R0 $R3
	Pop $R4
	Pop $R3
	Pop $R2
	Exch $R0
	Exch
	Pop $R1
FunctionEnd
!macroend
!insertmacro Find ""
!insertmacro Find "un."
